/* weight_room.c: memory for the elements of weights, bounded for each and for all together. */
#include "weight_loader.h"

#include "ops.h"

float *weight_allocate(struct weight_loader *l, const struct wanted *x)
{
    int64_t bytes;
    bool ok = mul_ok(shape_size(&x->w->shape), 4, &bytes) && bytes <= LIMIT_TENSOR_BYTES;
    if (ok && add_ok(l->bytes, bytes, &l->bytes) && l->bytes <= LIMIT_WEIGHT_BYTES)
        return NEW_ARRAY(l->pool, float, shape_size(&x->w->shape));
    if (!ok)
        diag_error(l->diag, DIAG_TENSOR_TOO_LARGE, x->node->at,
                "%s needs a %s of %s, more than 2^31 bytes", node_title(l->g, x->node), x->w->name,
                shape_text(l->pool, &x->w->shape));
    else if (l->bytes - bytes <= LIMIT_WEIGHT_BYTES)
        diag_error(l->diag, DIAG_TENSOR_TOO_LARGE, x->node->at,
                "the weights up to %s exceed 16 GiB", node_title(l->g, x->node));
    return NULL;
}

struct weight_room weight_room_open(struct weight_loader *l, const struct wanted *x, bool torch)
{
    struct weight_room room = {.scratch = pool_new(), .to = weight_allocate(l, x)};
    bool permuted = room.to && torch && !x->torch.same;
    room.from = permuted ? NEW_ARRAY(room.scratch, float, shape_size(&x->w->shape)) : room.to;
    return room;
}

void weight_room_close(struct weight_room *room, struct wanted *x, bool filled)
{
    if (filled && room->from != room->to)
        torch_to_keras(&x->torch, &x->w->shape, room->from, room->to);
    if (filled)
        x->w->data = room->to;
    pool_free(room->scratch);
}
