#include "reference.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "activation.h"
#include "diag.h"
#include "limits.h"
#include "ops.h"

static const char *const kinds[] = {
    [ATTR_INT] = "integer", [ATTR_FLOAT] = "number", [ATTR_BOOL] = "true or false",
    [ATTR_WORD] = "", [ATTR_PAIR] = "n or [h, w]",
    [ATTR_PADDING] = "valid, same, n, [h, w] or [[top, bottom], [left, right]]",
    [ATTR_BORDER] = "n, [h, w] or [[top, bottom], [left, right]]",
    [ATTR_SHAPE] = "list of dimensions", [ATTR_FLOATS] = "number or list",
    [ATTR_INDICES] = "integer or list", [ATTR_INTS] = "integer or list",
    [ATTR_PADS] = "[[before, after], ...]", [ATTR_ACTIVATION] = "activation",
};

static void print_kind(const struct attr_def *a, struct out *out)
{
    out_printf(out, "%s", kinds[a->type]);
    for (int i = 0; a->type == ATTR_WORD && a->words[i]; i++)
        out_printf(out, "%s%s", i ? ", " : "", a->words[i]);
    if ((a->min != 0 || a->max != 0) && a->type != ATTR_BOOL && a->type != ATTR_WORD)
        out_printf(out, ", %.10g to %.10g", a->min, a->max);
}

static void print_attr(const struct attr_def *a, struct out *out)
{
    const char *fallback = !a->fallback ? "required" : *a->fallback ? a->fallback : "none";
    out_printf(out, "| `%s` | ", a->key);
    print_kind(a, out);
    out_printf(out, " | %s | %s |\n", fallback, a->doc);
}

static void print_inputs(const struct op_def *op, struct out *out)
{
    if (op->max_in > 1 && op->min_in != op->max_in)
        out_printf(out, " Inputs: %d to %d.", op->min_in, op->max_in);
    else if (op->max_in > 1)
        out_printf(out, " Inputs: %d.", op->max_in);
}

static void print_op(const struct op_def *op, struct out *out)
{
    out_printf(out, "\n### %s\n\n%c%s.", op->type, toupper((unsigned char)op->doc[0]), op->doc + 1);
    if (op->alias)
        out_printf(out, " Also written `%s`.", op->alias);
    print_inputs(op, out);
    out_printf(out, "\n");
    if (!op->attrs || !op->attrs[0].key)
        return;
    out_printf(out, "\n| argument | value | default | |\n|---|---|---|---|\n");
    for (const struct attr_def *a = op->attrs; a->key; a++)
        print_attr(a, out);
}

/* Defaults as a specification may write them. Two activations take arguments by which they become
 * another one that has no public name: relu and gelu. */
static void print_act_args(enum act kind, struct out *out)
{
    const struct act_def *a = &act_defs[kind == ACT_RELU ? ACT_RELU_FULL : kind];
    for (int i = 0; i < a->args; i++) {
        double value = (double)a->arg_default[i];
        out_printf(out, "%s%s ", i ? ", " : "", a->arg_name[i]);
        if (isinf(value))
            out_printf(out, "%s.inf", value < 0 ? "-" : "");
        else
            out_printf(out, "%g", value);
    }
    if (kind == ACT_GELU)
        out_printf(out, "approximate false");
}

static void print_activations(struct out *out)
{
    enum act kind;
    out_printf(out, "\n## Activations\n\n"
            "| name | arguments and their defaults | largest error |\n|---|---|---|\n");
    for (int i = 0; i < ACT_COUNT; i++) {
        const struct act_def *a = &act_defs[i];
        if (!act_find(a->name, &kind) || kind == ACT_LINEAR)
            continue;
        out_printf(out, "| `%s` | ", a->name);
        print_act_args(kind, out);
        out_printf(out, " | ");
        if (a->helper)
            out_printf(out, "%g ulp%s |\n", a->ulps, a->abs > 0 ? " and a tiny absolute one" : "");
        else
            out_printf(out, "of a whole row: see Softmax |\n");
    }
}

static void print_limits(struct out *out)
{
    static const struct { const char *what; long long limit; } rows[] = {
        {"text of a specification, bytes", LIMIT_SPEC_BYTES}, {"nesting", LIMIT_SPEC_DEPTH},
        {"values, aliases expanded", LIMIT_SPEC_NODES}, {"layers", LIMIT_LAYERS},
        {"characters of a name", LIMIT_NAME_CHARS}, {"inputs of a layer", LIMIT_INPUTS},
        {"dimensions of a tensor, without the batch", LIMIT_RANK},
        {"bytes of a tensor", LIMIT_TENSOR_BYTES},
        {"bytes of all tensors, and of all weights", LIMIT_TOTAL_BYTES},
        {"images in a batch", LIMIT_BATCH},
        {"elements of a tensor in all of them", LIMIT_BATCH_ELEMENTS},
        {"bytes of a safetensors header", LIMIT_HEADER_BYTES},
        {"bytes of a weight file", LIMIT_WEIGHT_BYTES},
        {".npy files in a folder of weights", LIMIT_FOLDER_FILES},
        {"depth of such a folder", LIMIT_FOLDER_DEPTH},
    };
    out_printf(out, "\n## Limits\n\n| | at most |\n|---|---|\n");
    for (int i = 0; i < (int)(sizeof rows / sizeof rows[0]); i++)
        out_printf(out, "| %s | %lld |\n", rows[i].what, rows[i].limit);
}

static void print_diagnostics(struct out *out)
{
    out_printf(out, "\n## Diagnostics\n\n| id | raised for |\n|---|---|\n");
    for (int i = 0; i < DIAG_COUNT; i++)
        out_printf(out, "| `%s` | %s |\n", diag_name((enum diag_id)i), diag_doc((enum diag_id)i));
}

void reference_print(struct out *out)
{
    out_printf(out, "# Layers\n\nMade by `cnngen --print-reference`; a test compares. Names, "
            "arguments and defaults are Keras'; what goes\nbeyond Keras says so. Every layer also "
            "takes `name`, `inputs` (default: the layer before), `input_shape` (an\nassertion) and, "
            "if it has weights, `weights`.\n");
    for (int i = 0; i < OP_COUNT; i++)
        if (op_defs[i]->type)
            print_op(op_defs[i], out);
    print_activations(out);
    print_limits(out);
    print_diagnostics(out);
}
