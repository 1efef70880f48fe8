/* libFuzzer entry for the reader of specs:
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -std=c11 \
 *       -D_XOPEN_SOURCE=700 -iquote generator tests/fuzz/fuzz_spec.c \
 *       generator/{spec,spec_print,names,text,value,value_merge}.c \
 *       generator/{yaml,yaml_anchors,yaml_explain,diag,source,out,pool}.c -lyaml -o build/fuzz_spec
 *   build/fuzz_spec -max_len=4096 CORPUS tests/errors
 *
 * Any text is either refused with a diagnostic that can be printed, or a spec that comes back the
 * same from its own print. Inputs of odd length are read as any YAML, such as the JSON of a
 * safetensors header, with a small bound on the values. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "out.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool is_printable(const struct out *out)
{
    for (size_t i = 0; i < out->len;) {
        uint32_t code;
        size_t n = utf8_next(out->text + i, out->len - i, &code);
        if (!n || (char_is_hostile(code) && code != '\n'))
            return false;
        i += n;
    }
    return true;
}

static char *print(struct pool *pool, const struct spec *spec)
{
    struct out out;
    out_init(&out);
    spec_print(spec, &out);
    char *text = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return text;
}

static void check_print(struct pool *pool, const struct spec *spec)
{
    struct diag *d = diag_new(pool);
    char *once = print(pool, spec);
    struct source src = source_of("printed.yaml", once, strlen(once));
    struct spec *again = spec_read(pool, &src, d);
    require(again && !diag_failed(d));
    require(!strcmp(print(pool, again), once));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct source src = source_of("fuzz.yaml", pool_copy(pool, (const char *)data, size), size);
    struct diag *d = diag_new(pool);
    struct out out;
    out_init(&out);
    if (size % 2) {
        const struct value *v = value_parse(pool, &src, 1000, d);
        require((v != NULL) == !diag_failed(d));
    } else {
        const struct spec *spec = spec_read(pool, &src, d);
        require(spec || diag_failed(d));
        if (spec && !diag_failed(d))
            check_print(pool, spec);
    }
    diag_print(d, &out, COLOR_NEVER, false);
    require(is_printable(&out) && (out.len > 0) == (diag_errors(d) + diag_warnings(d) > 0));
    out_free(&out);
    pool_free(pool);
    return 0;
}
