# SPDX-License-Identifier: Apache-2.0
"""The time of the server: the tests turn it, or let it run faster than ours."""

import time


class Clock:
    def __init__(self, scale=0.0):
        self.scale, self.advanced, self.skew = scale, 0.0, 0.0
        self.start, self.started = time.time(), time.monotonic()

    def now(self):
        """Seconds since 1970 as ACM and CloudFront see them: stands still with scale 0, until somebody advances it."""
        return self.start + self.advanced + self.scale * (time.monotonic() - self.started)

    def real(self):
        """What signatures are held against: the machine's time, moved by `skew`."""
        return time.time() + self.skew

    def advance(self, seconds):
        self.advanced += seconds
