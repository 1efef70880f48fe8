/* SPDX-License-Identifier: 0BSD
 *
 * cnn_weights.h: what a weights file says of itself, checked before use.
 *
 * The file, all numbers little-endian:
 *      0   7 bytes "CNNGENW"
 *      7   the format's version: '1'
 *      8   u64  id of the programs that it is for: they differ in the values of weights alone
 *     16   u64  bytes of the whole file
 *     24   u64  hash of all that follows byte 64
 *     32   zeros
 *     64   the weights of each step, float32, each at a multiple of 64
 *
 * Nothing here does I/O: cnn_file.h reads files.
 */
#ifndef CNN_WEIGHTS_H
#define CNN_WEIGHTS_H

#include "cnn_rt.h"

/* Why weights are refused: the numbers of PREFIX_ERR_WEIGHTS_... in each program's header. */
#define CNN_WEIGHTS_FORMAT (-20)  /* no weights file */
#define CNN_WEIGHTS_VERSION (-21) /* of another version of the format */
#define CNN_WEIGHTS_SHORT (-22)   /* cut short */
#define CNN_WEIGHTS_SIZE (-23)    /* longer than it says, or not of the program's size */
#define CNN_WEIGHTS_MODEL (-24)   /* of another network, or made with other options */
#define CNN_WEIGHTS_HASH (-25)    /* its contents are damaged */
#define CNN_WEIGHTS_ALIGN (-26)   /* it does not begin at a multiple of CNN_WEIGHTS_ALIGNMENT */

#define CNN_WEIGHTS_HEAD 64
#define CNN_WEIGHTS_ALIGNMENT 16

CNN_INLINE uint64_t cnn_weights_number(const unsigned char *at)
{
    uint64_t n = 0;

    for (int i = 8; i-- > 0;)
        n = n << 8 | at[i];
    return n;
}

/* The first `bytes` bytes of a file in memory, from `data` on, against the program's id; nothing behind
 * them is read. 0 or a reason from above. Cheap enough for each run: the head alone is looked at. */
CNN_INLINE int cnn_weights_check_head(const void *data, size_t bytes, uint64_t id)
{
    const unsigned char *const head = (const unsigned char *)data;

    if ((uintptr_t)head % CNN_WEIGHTS_ALIGNMENT != 0)
        return CNN_WEIGHTS_ALIGN;
    if (bytes < CNN_WEIGHTS_HEAD)
        return CNN_WEIGHTS_SHORT;
    if (cnn_weights_number(head) << 8 != 0x574e45474e4e4300U)
        return CNN_WEIGHTS_FORMAT;
    if (head[7] != '1')
        return CNN_WEIGHTS_VERSION;
    if (cnn_weights_number(head + 8) != id)
        return CNN_WEIGHTS_MODEL;
    if (bytes < cnn_weights_number(head + 16))
        return CNN_WEIGHTS_SHORT;
    return bytes > cnn_weights_number(head + 16) ? CNN_WEIGHTS_SIZE : 0;
}

/* The hash of the weights in a file of `bytes` bytes, a multiple of four. Each step is a bijection of
 * h, so that a change of one word always shows. It finds mistakes, not attackers. */
CNN_INLINE uint64_t cnn_weights_hash(const void *data, size_t bytes)
{
    const unsigned char *const head = (const unsigned char *)data;
    uint64_t h = 0xcbf29ce484222325U;

    for (size_t i = CNN_WEIGHTS_HEAD; i + 4 <= bytes; i += 4) {
        const uint32_t word = (uint32_t)head[i] | (uint32_t)head[i + 1] << 8 |
                (uint32_t)head[i + 2] << 16 | (uint32_t)head[i + 3] << 24;
        h = (h ^ word) * 0x100000001b3U;
        h ^= h >> 32;
    }
    return h;
}

/* All of it: head and contents. Each byte is looked at. */
CNN_INLINE int cnn_weights_check(const void *data, size_t bytes, uint64_t id)
{
    const int status = cnn_weights_check_head(data, bytes, id);

    if (status != 0)
        return status;
    if (bytes % 4 != 0)
        return CNN_WEIGHTS_SIZE;
    return cnn_weights_hash(data, bytes) == cnn_weights_number((const unsigned char *)data + 24)
            ? 0 : CNN_WEIGHTS_HASH;
}

#endif
