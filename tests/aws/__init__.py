# SPDX-License-Identifier: Apache-2.0
"""An AWS of the tests' own: ACM, CloudFront and the two metadata services. README.md says what it does and does not."""
