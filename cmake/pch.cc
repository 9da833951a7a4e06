// SPDX-License-Identifier: Apache-2.0
//
// The precompiled header needs one translation unit of its own.
