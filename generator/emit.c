#include "emit.h"

#include <string.h>

#include "emit_holes.h"
#include "emit_instances.h"
#include "emitter.h"
#include "ops/families.h"

/* ---- the files ------------------------------------------------------------------------------- */

static bool any_nchw(const struct graph *g)
{
    for (int i = 0; i < g->input.n; i++)
        if (input_is_nchw(g->input.at[i]->maker))
            return true;
    return false;
}

static struct args common_args(struct emitter *e)
{
    struct args a = {0};
    args_text(e->pool, &a, "MODEL", e->opt->prefix);
    args_text(e->pool, &a, "UPPER", e->upper);
    args_text(e->pool, &a, "SPEC", e->opt->spec_name);
    args_text(e->pool, &a, "COMMAND", e->opt->command);
    args_text(e->pool, &a, "VERSION", CNNGEN_VERSION);
    args_int(e->pool, &a, "NUMBER", CNNGEN_VERSION_NUMBER);
    args_text(e->pool, &a, "HASH", emitter_hash(e, e->hash));
    args_int(e->pool, &a, "SHARED", e->plan->shared_bytes);
    args_int(e->pool, &a, "SCRATCH", e->plan->scratch_bytes);
    args_int(e->pool, &a, "STEPS", e->plan->step.n);
    args_int(e->pool, &a, "BATCH", e->plan->graph->batch);
    args_int(e->pool, &a, "SELFTEST", e->opt->selftest != NULL);
    args_int(e->pool, &a, "LABELS", e->plan->graph->labels.n > 0);
    args_int(e->pool, &a, "STATIC", e->opt->static_arena);
    args_text(e->pool, &a, "WEIGHTS",
            storage_file(e->opt->storage) ? storages[e->opt->storage] : "text");
    return a;
}

static void emit_header(struct emitter *e, int64_t stack, struct out *out)
{
    struct args a = common_args(e);
    args_int(e->pool, &a, "STACK", stack);
    args_int(e->pool, &a, "ALIGN", ARENA_ALIGN);
    args_int(e->pool, &a, "THREADS", e->plan->max_threads);
    args_int(e->pool, &a, "WEIGHT_BYTES",
            storage_file(e->opt->storage) ? storage_bytes(e->plan) : e->plan->weight_bytes);
    args_text(e->pool, &a, "ID", emitter_hash(e, e->id));
    args_int(e->pool, &a, "NCHW", any_nchw(e->plan->graph));
    emitter_expand(e, "model.h.in", &a, emit_hole, out);
}

/* "!NET_SSE2 && !NET_NEON": that none of the instruction sets on which others build is in the
 * build. */
static const char *no_vectors(const struct emitter *e)
{
    const char *text = "";
    for (int i = TARGET_SCALAR + 1; i < TARGET_COUNT; i++)
        if ((e->plan->targets & TARGET_BIT(i)) && (int)targets[i].base == i)
            text = pool_printf(e->pool, "%s%s!%s_%s", text, *text ? " && " : "", e->upper,
                    pool_upper(e->pool, targets[i].name));
    return *text ? pool_printf(e->pool, "(%s)", text) : "1";
}

static void emit_program(struct emitter *e, struct out *out)
{
    static const struct { const char *name; enum target_id id; } flags[] = {
        {"SSE2", TARGET_SSE2}, {"AVX2", TARGET_AVX2}, {"AVX512", TARGET_AVX512},
        {"NEON", TARGET_NEON},
        {"WASM", TARGET_WASM}};
    struct args a = common_args(e);
    args_text(e->pool, &a, "HEADER", e->draft ? "" : e->opt->header_name);
    args_int(e->pool, &a, "SPANS", e->plan->graph->input.n + e->plan->graph->output.n + 1
            + (e->opt->storage == STORAGE_BIN));
    args_int(e->pool, &a, "WRITTEN", 1 + e->plan->graph->output.n);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        args_int(e->pool, &a, flags[i].name, (e->plan->targets & TARGET_BIT(flags[i].id)) != 0);
    args_text(e->pool, &a, "NO_VECTORS", no_vectors(e));
    args_int(e->pool, &a, "STRICT", e->plan->math == MATH_STRICT);
    args_int(e->pool, &a, "BYTES", emitter_any_bytes(e) || storage_file(e->opt->storage));
    args_int(e->pool, &a, "PARTS", emitter_threads(e));
    args_int(e->pool, &a, "SPLIT", e->opt->split);
    emitter_expand(e, "model.c.in", &a, emit_hole, out);
}

/* The file of --split-weights. */
static void emit_split(struct emitter *e, struct out *out)
{
    struct args a = {0};
    args_text(e->pool, &a, "MODEL", e->opt->prefix);
    args_text(e->pool, &a, "UPPER", e->upper);
    args_text(e->pool, &a, "SPEC", e->opt->spec_name);
    args_text(e->pool, &a, "FILE", e->opt->c_name);
    args_text(e->pool, &a, "COMMAND", e->opt->command);
    args_text(e->pool, &a, "VERSION", CNNGEN_VERSION);
    args_int(e->pool, &a, "NONE", e->plan->weight_bytes == 0);
    args_int(e->pool, &a, "BYTES", emitter_any_bytes(e));
    args_text(e->pool, &a, "WEIGHTS",
            storage_file(e->opt->storage) ? storages[e->opt->storage] : "text");
    emitter_expand(e, "weights.c.in", &a, emit_hole, out);
}

/* ---- stack ----------------------------------------------------------------------------------- */

/* The driver's, and that of the kernel's function with the most: steps call one at a time. */
static void find_stack(struct emitter *e, struct stack *stack)
{
    const struct graph *g = e->plan->graph;
    int64_t most = 0;
    for (int i = 0; i < e->instance.n; i++) {
        const struct instance *k = &e->instance.at[i];
        vec_push(e->pool, &stack->use,
                (struct stack_use){k->fn, k->user.at[0]->main->at, k->stack});
        most = k->stack > most ? k->stack : most;
    }
    const int64_t each = STACK_POINTER + (g->batch > 1 ? STACK_PASSED : 0);
    stack->bytes = STACK_DRIVER + each * (g->input.n + g->output.n) + most;
}

/* ---- hashes ---------------------------------------------------------------------------------- */

/* The hash of a file without its opening comment. */
static uint64_t body_hash(const struct out *out)
{
    const char *body = strstr(out->text, "*/");
    body = body ? body : out->text;
    return storage_hash(body, strlen(body));
}

/* The hashes from drafts without them. The program's id: programs with equal ones differ in the
 * values of weights at most. That of both files: of all that they say, and of the weights where
 * these are in the C file. */
static void find_hashes(struct emitter *e)
{
    struct stack stack = {0};
    struct out c, h;
    out_init(&c);
    out_init(&h);
    e->draft = true;
    emit_program(e, &c);
    const bool apart = storage_file(e->opt->storage) || e->opt->split;
    if (apart)
        e->id = body_hash(&c);
    find_stack(e, &stack);
    emit_header(e, stack.bytes, &h);
    const char *all = pool_printf(e->pool, "%s %s %s", emitter_hash(e, body_hash(&c)),
            emitter_hash(e, body_hash(&h)), emitter_hash(e, apart ? 0 : storage_content(e->plan)));
    e->hash = storage_hash(all, strlen(all));
    e->draft = false;
    out_free(&c);
    out_free(&h);
}

/* ---- all of it ------------------------------------------------------------------------------- */

bool emit(const struct plan *plan, const struct emit_options *opt, struct emitted *text,
        struct diag *diag)
{
    struct emitter e = {.plan = plan, .opt = opt, .pool = plan->pool, .diag = diag};
    e.upper = pool_upper(e.pool, opt->prefix);
    instances_find(&e);
    find_hashes(&e);
    if (e.failed)
        return false;
    if (storage_file(opt->storage))
        storage_write(plan, e.id, &text->w);
    if (opt->split)
        emit_split(&e, &text->split);
    emit_program(&e, &text->c);
    find_stack(&e, &text->stack);
    emit_header(&e, text->stack.bytes, &text->h);
    return !e.failed;
}

void emitted_init(struct emitted *text)
{
    out_init(&text->c);
    out_init(&text->h);
    out_init(&text->w);
    out_init(&text->split);
    text->stack = (struct stack){0};
}

void emitted_free(struct emitted *text)
{
    out_free(&text->c);
    out_free(&text->h);
    out_free(&text->w);
    out_free(&text->split);
}
