/* pool.h: memory for one run of the compiler.
 *
 * Everything a run allocates comes from a pool and lives until pool_free; nothing is freed singly.
 * A pool never returns NULL: when the system has no memory, die() ends the program with exit code
 * 2. */
#ifndef CNNGEN_POOL_H
#define CNNGEN_POOL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))
#else
#define PRINTF_LIKE(fmt, args)
#define NORETURN
#endif

struct pool;

struct pool *pool_new(void);
void pool_free(struct pool *);                            /* NULL is fine */
void *pool_alloc(struct pool *, size_t bytes);            /* zeroed, aligned for any type */
void *pool_array(struct pool *, size_t n, size_t bytes);  /* n elements; checks the product */
void *pool_dup(struct pool *, const void *from, size_t bytes);  /* a copy; bytes may be 0 */
char *pool_copy(struct pool *, const char *text, size_t len);  /* NUL-terminated copy */
char *pool_upper(struct pool *, const char *text);            /* copy, "avx2" -> "AVX2" */
char *pool_printf(struct pool *, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *pool_vprintf(struct pool *, const char *fmt, va_list) PRINTF_LIKE(2, 0);

#define NEW(pool, type) ((type *)pool_alloc((pool), sizeof(type)))
#define NEW_ARRAY(pool, type, n) ((type *)pool_array((pool), (size_t)(n), sizeof(type)))

/* A growable array of T in a pool: VEC(struct node *) node;  vec_push(pool, &g->node, n); */
#define VEC(T) struct { T *at; int n, cap; }
#define vec_push(pool, v, ...)                                                              \
    ((v)->n < (v)->cap ? (void)0                                                            \
         : (void)((v)->at = vec_grow((pool), (v)->at, &(v)->cap, (v)->n, sizeof *(v)->at)), \
     (void)((v)->at[(v)->n++] = __VA_ARGS__))
void *vec_grow(struct pool *, void *at, int *cap, int n, size_t size);

/* The environment failed (no memory, no disk): prints "cnngen: ..." and exits with 2. */
NORETURN void die(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* We failed: prints the place and aborts. A specification, however wrong, must never get here. */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
NORETURN void bug_at(const char *file, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Products and sums of sizes that come from the user: false, and *out unchanged, on overflow. */
bool mul_ok(int64_t a, int64_t b, int64_t *out);
bool add_ok(int64_t a, int64_t b, int64_t *out);

#endif
