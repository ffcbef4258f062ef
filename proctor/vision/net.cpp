#include "net.h"

#include <cstdio>
#include <cstring>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include <opencv2/core/utility.hpp>
#include <opencv2/dnn.hpp>

static int failed(char *err, size_t size, const char *what) {
  std::snprintf(err, size, "%s", what);
  return -1;
}

int ochno_net_load(const void *data, size_t size, void **net, char *outputs, size_t outputs_size, char *err, size_t err_size) {
  try {
    cv::dnn::Net read = cv::dnn::readNetFromONNX(static_cast<const char *>(data), size);
    if (read.empty()) return failed(err, err_size, "the network is empty");
    std::string names;
    for (const std::string &name : read.getUnconnectedOutLayersNames()) names += name + "\n";
    if (names.size() >= outputs_size) return failed(err, err_size, "too many outputs");
    std::memcpy(outputs, names.c_str(), names.size() + 1);
    *net = new cv::dnn::Net(read);
    return 0;
  } catch (const std::exception &e) {
    return failed(err, err_size, e.what());
  } catch (...) {
    return failed(err, err_size, "unknown fault");
  }
}

int ochno_net_run(void *net, const float *input, int height, int width, const char *names, float *out, size_t out_size, size_t *counts, size_t counts_size,
                  char *err, size_t err_size) {
  try {
    std::vector<std::string> wanted;
    std::istringstream lines(names);
    for (std::string line; std::getline(lines, line);) wanted.push_back(line);
    if (wanted.size() > counts_size) return failed(err, err_size, "too many outputs");
    const int shape[] = {1, 3, height, width};
    cv::Mat blob(4, shape, CV_32F, const_cast<float *>(input));
    cv::dnn::Net *n = static_cast<cv::dnn::Net *>(net);
    n->setInput(blob);
    std::vector<cv::Mat> results;
    n->forward(results, wanted);
    if (results.size() != wanted.size()) return failed(err, err_size, "another number of outputs");
    size_t at = 0;
    for (size_t i = 0; i < results.size(); i++) {
      cv::Mat whole = results[i].isContinuous() ? results[i] : results[i].clone();
      if (whole.depth() != CV_32F) return failed(err, err_size, "an output is not of floats");
      counts[i] = whole.total() * whole.channels();
      if (at + counts[i] > out_size) return failed(err, err_size, "an output is too large");
      std::memcpy(out + at, whole.data, counts[i] * sizeof(float));
      at += counts[i];
    }
    return 0;
  } catch (const std::exception &e) {
    return failed(err, err_size, e.what());
  } catch (...) {
    return failed(err, err_size, "unknown fault");
  }
}

void ochno_net_free(void *net) { delete static_cast<cv::dnn::Net *>(net); }

void ochno_one_thread(void) { cv::setNumThreads(1); }
