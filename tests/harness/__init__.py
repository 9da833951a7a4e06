# SPDX-License-Identifier: Apache-2.0
"""Real servers on loopback for the demo, the end-to-end tests and the benchmarks: each is started, asked and ended here."""
