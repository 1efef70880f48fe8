/* fixture.h: a pool and diagnostics for each test, and what was said on the way. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "diag.h"
#include "out.h"

#define COUNT(a) ((int)(sizeof (a) / sizeof (a)[0]))

static struct pool *pool;
static struct diag *diag;

static inline int setup(void **state)
{
    (void)state;
    pool = pool_new();
    diag = diag_new(pool);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    return 0;
}

/* A copy in the pool; frees what was written. */
static inline const char *text_of(struct out *out)
{
    const char *copy = pool_copy(pool, out->text, out->len);
    out_free(out);
    return copy;
}

static inline const char *said(void)
{
    struct out out;
    out_init(&out);
    diag_print(diag, &out, COLOR_NEVER, false);
    return text_of(&out);
}

#endif
