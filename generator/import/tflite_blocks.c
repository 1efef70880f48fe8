/* Dilated convolutions as older converters write them: SPACE_TO_BATCH_ND makes an image for each
 * place in a block, a VALID convolution of those follows, and BATCH_TO_SPACE_ND puts the results
 * together again. With blocks of b pixels that is one convolution of dilation b, whose padding is
 * that of the former less what the latter crops. */
#include <string.h>

#include "tflite_lower.h"

/* What SPACE_TO_BATCH_ND or BATCH_TO_SPACE_ND is told: blocks, and what is added or cropped. */
struct blocks { int64_t size[2], border[4]; };   /* border: top bottom left right */

enum { MAX_BLOCK = 1 << 14, MAX_BORDER = 1 << 14 };

static bool read_blocks(struct tflite *m, struct tflite_node *n, struct blocks *to)
{
    int sizes, borders;
    const int64_t *size = lower_list(m, n, 1, &sizes);
    const int64_t *border = size ? lower_list(m, n, 2, &borders) : NULL;
    if (!border)
        return false;
    if (sizes != 2 || borders != 4)
        return tflite_refuse(m, n, "%d dimensions of blocks, %d borders", sizes, borders);
    for (int i = 0; i < 4; i++) {
        to->size[i / 2] = size[i / 2];
        to->border[i] = border[i];
        if (size[i / 2] < 1 || size[i / 2] > MAX_BLOCK || border[i] < 0 || border[i] > MAX_BORDER)
            return tflite_refuse(m, n, "blocks of %lld, a border of %lld", (long long)size[i / 2],
                    (long long)border[i]);
    }
    return true;
}

/* The only node that reads the tensor, as its first input; NULL when there are others. */
static struct tflite_node *reader_of(const struct tflite *m, const struct tflite_tensor *t)
{
    for (int i = 0; i < m->node.n && t->users == 1 && !t->is_output; i++) {
        struct tflite_node *n = m->node.at[i];
        if (!n->gone && n->in.n > 1 && n->out.n == 1 && n->out.at[0] && n->in.at[0] == t)
            return n;
    }
    return NULL;
}

/* A convolution that does nothing but its products: VALID, strides and dilations of 1. */
static bool is_plain(struct tflite *m, const struct tflite_node *n)
{
    bool depthwise = n->op && n->op->lower == tflite_lower_depthwise;
    int dilation = depthwise ? 5 : 4;
    return n->op && (depthwise || n->op->lower == tflite_lower_conv) &&
           lower_option(m, n, 0, 1, 0) == 1 && lower_option(m, n, 1, 4, 0) == 1 &&
           lower_option(m, n, 2, 4, 0) == 1 && lower_option(m, n, dilation, 4, 1) == 1 &&
           lower_option(m, n, dilation + 1, 4, 1) == 1;
}

/* The border of the one convolution, and whether its result is as large as the file says. */
static bool join_borders(const struct tflite_node *first, const struct tflite_node *conv,
        const struct tflite_node *last, const struct blocks *cut, const struct blocks *joined,
        int64_t border[4])
{
    const struct tflite_dims *x = &first->in.at[0]->dims, *y = &last->out.at[0]->dims;
    const struct tflite_dims *w = &conv->in.at[1]->dims;
    if (x->rank != 4 || y->rank != 4 || w->rank != 4 || y->at[0] != x->at[0])
        return false;
    for (int i = 0; i < 4; i++)
        border[i] = cut->border[i] - joined->border[i];
    for (int d = 0; d < 2; d++) {
        int64_t reach = (w->at[1 + d] - 1) * cut->size[d];
        int64_t before = border[2 * d], after = border[2 * d + 1];
        if (cut->size[d] != joined->size[d] || before < 0 || after < 0 ||
                x->at[1 + d] + before + after - reach != y->at[1 + d])
            return false;
    }
    return true;
}

/* The image between is as if a PAD had made it, which convolutions take in. */
bool tflite_lower_space_to_batch(struct tflite *m, struct tflite_node *n)
{
    static const char alone[] = "no convolution that it is around could be found";
    struct tflite_tensor *x = n->in.at[0], *image = n->out.at[0];
    struct tflite_node *conv = reader_of(m, image);
    struct tflite_node *last = conv && conv->in.at[1] && is_plain(m, conv)
                                   ? reader_of(m, conv->out.at[0]) : NULL;
    struct blocks cut, joined;
    if (!last || strcmp(last->type, "BATCH_TO_SPACE_ND"))
        return tflite_refuse(m, n, "%s", alone);
    if (!read_blocks(m, n, &cut) || !read_blocks(m, last, &joined))
        return false;
    if (!join_borders(n, conv, last, &cut, &joined, image->pad))
        return tflite_refuse(m, n, "%s", alone);
    image->dims = x->dims;
    image->dims.at[1] += image->pad[0] + image->pad[1];
    image->dims.at[2] += image->pad[2] + image->pad[3];
    image->padded = true;
    memcpy(conv->dilation, cut.size, sizeof cut.size);
    conv->out.at[0] = last->out.at[0];
    last->gone = true;
    m->dilations++;
    return lower_alias(m, n, 0, image);
}
