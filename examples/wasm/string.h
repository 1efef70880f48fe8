// string.h: all that emitted code needs of it, for clang without a C library; instructions with -mbulk-memory.
#ifndef STRING_H
#define STRING_H

#define memset __builtin_memset
#define memcpy __builtin_memcpy

#endif
