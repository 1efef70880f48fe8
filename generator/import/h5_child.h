/* h5_child.h: the process that reads HDF5, and what it says to the other one.
 *
 * Numbers are 8 bytes in the machine's order, a text is its length and its bytes, and a message one of
 *
 *     H5_SAYS_ATTR   path, name, how many, that many texts
 *     H5_SAYS_DATA   path, rank, dimensions, whether floats follow, floats
 *     H5_SAYS_ERROR  what is wrong: the end
 *     H5_SAYS_DONE   the end */
#ifndef CNNGEN_IMPORT_H5_CHILD_H
#define CNNGEN_IMPORT_H5_CHILD_H

#include <stdint.h>
#include <stdio.h>

enum { H5_SAYS_ATTR = 'A', H5_SAYS_DATA = 'D', H5_SAYS_ERROR = 'E', H5_SAYS_DONE = 'Z' };

/* Reads the file, which is in memory, and writes messages. */
void h5_child(const char *bytes, size_t len, FILE *to);

#endif
