// OpenCV's DNN module as far as model.go needs it: gocv v0.31 lets OpenCV's exceptions end the process, and leaks at each call.
#ifndef OCHNO_VISION_NET_H
#define OCHNO_VISION_NET_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// All of them return 0, or −1 with a text in err.

// Loads an ONNX file. outputs gets the names of its outputs, each ended by a newline.
int ochno_net_load(const void *data, size_t size, void **net, char *outputs, size_t outputs_size, char *err, size_t err_size);

// Runs it over [1, 3, height, width] floats. names are the wanted outputs, each ended by a newline; their values come one after the other in out,
// how many of each in counts.
int ochno_net_run(void *net, const float *input, int height, int width, const char *names, float *out, size_t out_size, size_t *counts, size_t counts_size,
                  char *err, size_t err_size);

void ochno_net_free(void *net);

// Keeps OpenCV from dividing one picture's work among threads of its own. It holds for the whole process.
void ochno_one_thread(void);

#ifdef __cplusplus
}
#endif
#endif
