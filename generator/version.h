/* version.h: of cnngen, as messages, files and emitted text name it; runtime/cnn_rt.h has the same as a number. */
#ifndef CNNGEN_VERSION_H
#define CNNGEN_VERSION_H

#define CNNGEN_VERSION "0.1.0"

#endif
