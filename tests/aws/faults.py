# SPDX-License-Identifier: Apache-2.0
"""What AWS answers instead of a result."""


class Fault(Exception):
    """An error answer. Without a status the model's is taken."""

    def __init__(self, code, message, status=None, headers=None):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.headers = code, message, status, headers or {}
