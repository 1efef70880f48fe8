// What the two programs that time oneDNN share.
#ifndef TIME_ONEDNN_H
#define TIME_ONEDNN_H

#include <string>

#include <dnnl.hpp>

#include "sample.h"

using namespace dnnl;
using tag = memory::format_tag;

static const auto f32 = memory::data_type::f32;

static inline void copy(memory from, memory to, stream queue)
{
    reorder(from, to).execute(queue, from, to);
    queue.wait();
}

// The values, which lie as `plain` says and are freed, in the format that is asked for.
static inline memory formatted(float *values, const memory::desc &plain, const memory::desc &wanted,
        const stream &queue)
{
    const engine cpu = queue.get_engine();
    memory result(wanted, cpu);

    copy(memory(plain, cpu, values), result, queue);
    free(values);
    return result;
}

static inline std::string version_text()
{
    const version_t *v = dnnl::version();

    return std::to_string(v->major) + '.' + std::to_string(v->minor) + '.' + std::to_string(v->patch);
}

#endif
