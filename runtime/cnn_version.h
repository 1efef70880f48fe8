/* SPDX-License-Identifier: 0BSD
 *
 * cnn_version.h: the version of cnngen, and of the runtime that its output is compiled with.  Here alone:
 * messages, emitted text, packages and symbols take it from this file.  Minor and patch stay below 100.
 */
#ifndef CNN_VERSION_H
#define CNN_VERSION_H

#define CNN_VERSION_MAJOR 0
#define CNN_VERSION_MINOR 1
#define CNN_VERSION_PATCH 0

#endif
