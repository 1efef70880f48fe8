/* storage.h: how the packed weights of a plan are stored, and the weights file of --weights asm and
 * bin.
 *
 * The file's format, and what checks it: runtime/cnn_weights.h. Its id is the hash of the program
 * that reads it: one file fits all programs that differ in weights alone.
 *
 * Both hashes go over 32-bit words: h = (h ^ word) * 0x100000001b3; h ^= h >> 32. Each step is a
 * bijection of h, so that a change of one word always shows. They find mistakes, not attackers. */
#ifndef CNNGEN_STORAGE_H
#define CNNGEN_STORAGE_H

#include "out.h"
#include "plan.h"

enum storage {
    STORAGE_AUTO,              /* short ones as numbers, else strings */
    STORAGE_ARRAY,             /* numbers */
    STORAGE_STRING,            /* strings of bytes */
    STORAGE_ASM,               /* a file that the assembler includes */
    STORAGE_BIN,               /* a file that the user reads and gives to the program */
    STORAGES
};
extern const char *const storages[STORAGES];  /* "auto": words of --weights */

/* Whether the weights are a file. */
static inline bool storage_file(enum storage s) { return s == STORAGE_ASM || s == STORAGE_BIN; }

enum { STORAGE_HEAD = 64 };    /* bytes before the first weight */

int64_t storage_offset(const struct plan *, int array);  /* in the file, bytes */
int64_t storage_bytes(const struct plan *);              /* of the file */

uint64_t storage_hash(const char *text, size_t len);  /* its last word filled with zeros */
uint64_t storage_content(const struct plan *);         /* of the weights, as in the file's head */
/* The file; its weights are late passages, which read the plan. */
void storage_write(const struct plan *, uint64_t id, struct out *);

/* n bytes as a string literal and a newline; line has room for 4 * n + 3. Returns its length. */
size_t storage_literal(const unsigned char *bytes, size_t n, char *line);

#endif
