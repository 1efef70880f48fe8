#include "help.h"

#include <string.h>

#include "version.h"

const char help_text[] =
    "cnngen: compiles a convolutional network, written as YAML, into C.\n"
    "\n"
    "usage: cnngen [OPTION]... SPEC.yaml         write MODEL.c and MODEL.h\n"
    "       cnngen import MODEL -o SPEC.yaml     a model as specification and weights\n"
    "       cnngen check SPEC.yaml               diagnostics only\n"
    "       cnngen summary SPEC.yaml             layers, shapes, parameters, memory\n"
    "       cnngen run SPEC.yaml --input X.npy   evaluate it, in double precision\n"
    "       cnngen verify SPEC.yaml...           compile the C, compare it with that\n"
    "       cnngen bench SPEC.yaml               compile the C, time each step\n"
    "       cnngen plot SPEC.yaml -o X.svg       draw its graph, memory or times\n"
    "       cnngen report SPEC.yaml -o X.html    all that is known of it, on a page\n"
    "       cnngen tune SPEC.yaml                time kernels, to choose by them\n"
    "A SPEC of '-' is standard input; './check' is a file of that name. Wherever a\n"
    "SPEC may stand, so may a model that can be imported (cnngen import --help).\n"
    "\n"
    "Generate:\n"
    "  -o, --output FILE        the C file ('-': standard output);\n"
    "                           default: the spec's name with .c, in this folder\n"
    "  -H, --header FILE        the header; default: the C file's name with .h\n"
    "  -p, --prefix NAME        of functions and macros; default: the model's name\n"
    "  -MD, --deps              also write a rule for make: what was made from what\n"
    "  -MF, --deps-file FILE    to this file; default: the C file's name with .d\n"
    "  -MT, --deps-target NAME  of the rule, as it stands; default: the outputs\n"
    "  -MP, --deps-phony        with an empty rule for each file but the spec\n"
    "      --file-prefix-map OLD=NEW\n"
    "                           name files whose path begins with OLD by their path,\n"
    "                           NEW in place of OLD; default: without any folder\n"
    "      --target LIST        of scalar, sse2, avx2, avx512, neon, wasm, separated\n"
    "                           by commas, or all (default: those of CPUs, so without\n"
    "                           wasm); or cortex-m: scalar, --max-threads 1 and\n"
    "                           --math precise\n"
    "      --max-threads N      that a run uses at most, 1 to 1024 (default 8)\n"
    "      --max-weight-growth R\n"
    "                           stored weights over the model's, at most, 1 to 100\n"
    "                           (default: 2, or 4 MiB in all): those of fast\n"
    "                           convolutions are larger\n"
    "      --max-arena BYTES    fail when the arena, for all threads, or the weights\n"
    "      --max-weights BYTES  take more; 64K, 2M\n"
    "      --max-stack BYTES    fail when a call may take more stack\n"
    "      --math MODE          fast (default): FMA, and Winograd where it pays;\n"
    "                           precise: no Winograd; strict: no FMA either, the\n"
    "                           same bits from every compiler on every target\n"
    "      --standalone         put the runtime into the C file: nothing to link\n"
    "      --selftest           emit PREFIX_selftest\n"
    "      --static-arena       emit PREFIX_run_static too, which has an arena\n"
    "                           of its own: calls must not overlap\n"
    "      --weights KIND       auto (default: large ones as strings of bytes);\n"
    "                           array (numbers); string (bytes); asm: in a file that\n"
    "                           the assembler includes; bin: in a file that your\n"
    "                           program reads and gives to PREFIX_run\n"
    "      --tuning FILE        choose kernels by times that cnngen tune measured\n"
    "      --split-weights      weights in a C file of their own: the C file's name\n"
    "                           with _weights.c\n"
    "      --weights-file FILE  a safetensors file, or a folder of .npy\n"
    "                           files, instead of the spec's\n"
    "      --template-dir DIR   take templates from there first\n"
    "      --dump STAGE         print spec, graph, shapes, opt or plan, and stop\n"
    "\n"
    "Summary:\n"
    "      --json               the same numbers as JSON\n"
    "\n"
    "Run:\n"
    "      --input FILE.npy     once for each input of the network\n"
    "  -o, --output FILE.npy    once for each output; default: print them\n"
    "\n"
    "Verify:\n"
    "      --input FILE.npy     once for each input; default: random numbers\n"
    "      --seed N             of those random numbers (default 1)\n"
    "      --fill LIST          of random (default) and special: NaN, infinities and\n"
    "                           other extremes in between; or integer: small whole\n"
    "                           numbers for inputs and weights, whose sums must come\n"
    "                           out exactly\n"
    "      --cc COMMAND         the compiler; default: $CC, or cc\n"
    "      --cflags OPTIONS     of the compiler; default: -O2\n"
    "      --run COMMAND        in front of the program, as 'qemu-aarch64 -L DIR'\n"
    "\n"
    "Bench:\n"
    "      --seconds S          to spend on timing, 0.01 to 3600 (default 2)\n"
    "      --threads N          to compare with one thread, at most --max-threads;\n"
    "                           default: as many as OpenMP offers\n"
    "      --json               the same numbers as JSON\n"
    "      --input, --seed, --cc and --cflags as for verify\n"
    "\n"
    "Tune:\n"
    "  -o, --output FILE        default: the spec's name with .tuning, here;\n"
    "                           times that are there already are kept\n"
    "      --time-limit S       to stop after, between two programs, 0.01 to 1000000\n"
    "                           seconds; the same command goes on from there\n"
    "      --seconds S          to spend on timing each program (default 2)\n"
    "      --input, --seed, --cc and --cflags as for verify\n"
    "\n"
    "Plot and report:\n"
    "  -o, --output FILE        the picture: .svg, or .dot for Graphviz (graph only);\n"
    "                           the page: HTML; '-': standard output\n"
    "      --what PICTURE       graph (default); memory: what is in the arena when;\n"
    "                           time: of each step, measured as bench does\n"
    "      --time               put measured times into the report\n"
    "      --seconds, --threads, --input, --seed, --cc and --cflags as for bench\n"
    "\n"
    "      --shape IN=N,N...    dimensions of a model's input, the batch in front,\n"
    "                           where the model leaves them open (all commands)\n"
    "\n"
    "  check and summary take --target, --max-threads, --max-weight-growth,\n"
    "  --math and --tuning; check --max-arena and --max-weights; check and run\n"
    "  --weights-file; verify these, --weights, --selftest\n"
    "  and --template-dir; bench, plot and report these but for --selftest; tune\n"
    "  those of bench but for --max-weight-growth and --tuning.\n"
    "\n"
    "      --print-schema       print the JSON Schema of specifications\n"
    "      --print-reference    print all layers and their arguments, as Markdown\n"
    "      --print-options      print all options, for the completions of shells\n"
    "      --color WHEN         auto, always or never\n"
    "  -q, --quiet              no warnings\n"
    "  -v, --verbose            say what is done (generate, verify, bench,\n"
    "                           tune, plot, report)\n"
    "  -h, --help               print this text\n"
    "  -V, --version            print version and licence\n"
    "\n"
    "Exit codes: 0 fine, 1 the model is wrong, 2 usage, files or environment.\n";

const char help_import_text[] =
    "cnngen import: turns a model of another format into a specification and weights.\n"
    "\n"
    "usage: cnngen import MODEL -o SPEC.yaml [OPTION]...\n"
    "       cnngen import WEIGHTS.npz -o WEIGHTS.safetensors\n"
    "\n"
    "MODEL is ONNX, Keras' (.keras, .h5), TensorFlow.js' (model.json or its folder) or\n"
    "TFLite's: its content tells. Each is read by a program of its own,\n"
    "cnngen-import-onnx, -keras, -tflite or -npz, beside cnngen or in libexec.\n"
    "\n"
    "  -o, --output FILE        the specification\n"
    "      --weights FILE       the weights, in the same folder or below; default:\n"
    "                           the specification's name with .safetensors\n"
    "      --name NAME          of the model; default: from the specification's\n"
    "      --shape IN=N,N...    dimensions of an input, with the batch in front,\n"
    "                           where the model leaves them open\n"
    "      --sources FILE       where to list the other files that the model is made\n"
    "                           of, each with a zero byte behind it\n"
    "      --spec SPEC.yaml     of Keras' files of weights alone: for this specification\n"
    "      --color WHEN         auto, always or never\n"
    "  -q, --quiet              no warnings\n"
    "  -h, --help, -V, --version\n";

const char version_text[] =
    "cnngen " CNNGEN_VERSION "\n"
    "Licence MIT: free software, without any warranty.\n"
    "What it generates, the runtime included, is yours under 0BSD: no conditions.\n";

enum { COLUMN = 27 };          /* of the help text, where descriptions begin */

/* Whether the line begins with the option, or with a short one and it. */
static bool is_of_option(const char *line, const char *option)
{
    size_t len = strlen(option), end = strcspn(line, "\n");
    const char *at = strstr(line, option);
    return line[strspn(line, " ")] == '-' && at && at < line + COLUMN && at < line + end &&
           strchr(" \n", at[len]);
}

static const char *next_line(const char *line)
{
    return line + strcspn(line, "\n") + 1;
}

const char *help_of_option(struct pool *pool, const char *name)
{
    const char *option = pool_printf(pool, "--%s", name), *line = help_text, *text = "";
    while (*line && !is_of_option(line, option))
        line = next_line(line);
    if (!*line)
        bug("no help for '%s'", option);
    if (line[COLUMN - 1] != ' ')   /* the option takes all of its line */
        line = next_line(line);
    do {
        size_t len = strcspn(line + COLUMN, "\n");
        text = pool_printf(pool, "%s%s%.*s", text, *text ? " " : "", (int)len, line + COLUMN);
        line = next_line(line);
    } while (strspn(line, " ") == COLUMN);
    return text;
}
