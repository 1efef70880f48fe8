#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 16 };

struct block {
    struct block *next;
    size_t used, size;  /* bytes of data[] */
    max_align_t data[];
};

struct pool {
    struct block *top;
};

struct pool *pool_new(void)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        die("out of memory");
    return pool;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    for (struct block *b = pool->top, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(pool);
}

static struct block *block_new(size_t size)
{
    struct block *b = calloc(1, sizeof *b + size);
    if (!b)
        die("out of memory (%zu bytes)", size);
    b->size = size;
    return b;
}

/* Big requests get a block of their own, below the top, so that the top's free rest stays in
 * use. */
static void *alloc_big(struct pool *pool, size_t bytes)
{
    struct block *b = block_new(bytes);
    b->used = bytes;
    if (pool->top) {
        b->next = pool->top->next;
        pool->top->next = b;
    } else {
        pool->top = b;
    }
    return b->data;
}

void *pool_alloc(struct pool *pool, size_t bytes)
{
    const size_t align = sizeof(max_align_t);
    if (bytes > SIZE_MAX / 2)
        die("out of memory (%zu bytes)", bytes);
    bytes = (bytes + align - 1) / align * align;
    if (bytes > BLOCK_BYTES / 4)
        return alloc_big(pool, bytes);
    if (!pool->top || pool->top->size - pool->top->used < bytes) {
        struct block *b = block_new(BLOCK_BYTES);
        b->next = pool->top;
        pool->top = b;
    }
    void *p = (char *)pool->top->data + pool->top->used;
    pool->top->used += bytes;
    return p;
}

void *pool_array(struct pool *pool, size_t n, size_t bytes)
{
    if (bytes && n > SIZE_MAX / bytes)
        die("out of memory (%zu elements of %zu bytes)", n, bytes);
    return pool_alloc(pool, n * bytes);
}

void *pool_dup(struct pool *pool, const void *from, size_t bytes)
{
    void *to = pool_alloc(pool, bytes ? bytes : 1);
    if (bytes)
        memcpy(to, from, bytes);
    return to;
}

char *pool_copy(struct pool *pool, const char *text, size_t len)
{
    char *copy = pool_alloc(pool, len + 1);
    if (len)
        memcpy(copy, text, len);
    return copy;
}

char *pool_upper(struct pool *pool, const char *text)
{
    char *copy = pool_copy(pool, text, strlen(text));
    for (char *c = copy; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    return copy;
}

char *pool_vprintf(struct pool *pool, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0)
        bug("bad format '%s'", fmt);
    char *text = pool_alloc(pool, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

char *pool_printf(struct pool *pool, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = pool_vprintf(pool, fmt, args);
    va_end(args);
    return text;
}

void *vec_grow(struct pool *pool, void *at, int *cap, int n, size_t size)
{
    if (*cap > INT32_MAX / 2)
        die("out of memory (a list of %d elements)", n);
    *cap = *cap ? *cap * 2 : 8;
    void *bigger = pool_array(pool, (size_t)*cap, size);
    if (n)
        memcpy(bigger, at, (size_t)n * size);
    return bigger;
}

void die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("cnngen: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "cnngen: internal error at %s:%d: ", file, line);
    vfprintf(stderr, fmt, args);
    fputs("\n(this is a bug of cnngen: please report it with the input that shows it)\n", stderr);
    va_end(args);
    abort();
}

bool mul_ok(int64_t a, int64_t b, int64_t *out)
{
    if (a < 0 || b < 0 || (b && a > INT64_MAX / b))
        return false;
    *out = a * b;
    return true;
}

bool add_ok(int64_t a, int64_t b, int64_t *out)
{
    if (a < 0 || b < 0 || a > INT64_MAX - b)
        return false;
    *out = a + b;
    return true;
}
