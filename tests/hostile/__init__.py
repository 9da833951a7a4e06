# SPDX-License-Identifier: Apache-2.0
"""Receivers at their worst; see README.md."""
