#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "kernels/device.h"
#include "query/limits.h"

namespace segue::plugin {

/// How a plugin serves. Plain values; the defaults serve well.
struct Options {
  // --- behaviour
  // -----------------------------------------------------------------------------------------------
  std::filesystem::path store;  ///< the folder that `segue reindex` publishes to
  kernels::Device device = kernels::Device::kAuto;
  query::Limits limits;  ///< what one request may ask for
  std::string snapshot;  ///< serve this id instead of the current one, and never swap

  // --- performance
  // ---------------------------------------------------------------------------------------------
  /// How often a background thread looks for a new snapshot; 0: only refresh() does. A look reads one small
  /// file.
  std::chrono::milliseconds poll{0};
  /// Verify every checksum when a snapshot is opened: about 1 s for each 2 GB. Only for a store that was
  /// verified just now is it safe to say no, since Lucene++ and Faiss crash on corrupt files.
  bool verify = true;
};

}  // namespace segue::plugin
