#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "index/snapshot/snapshot_store.h"
#include "kernels/error.h"

namespace segue::index {

/// A store in a folder of its own, and snapshots of a few small files.
class StoreTest : public testing::Test {
 protected:
  StoreTest() { std::filesystem::create_directories(folder_); }
  ~StoreTest() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path& folder() const { return folder_; }
  SnapshotStore store() const { return SnapshotStore(folder_ / "store"); }
  SnapshotStore fresh_store() const {
    store().create_if_absent();
    return store();
  }

  static void put(const std::filesystem::path& file, std::string_view content) {
    std::ofstream(file, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  static std::string get(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  /// Publishes a snapshot whose files say `content`.
  static std::string publish(const SnapshotStore& store, std::string_view content) {
    Staging staging = store.stage();
    put(staging.file("items.jsonl"), content);
    put(staging.file("models/mf.safetensors"), std::string(1000, 'm') + std::string(content));
    put(staging.file("text/segments_1"), "segments");
    put(staging.file("text/empty"), "");
    Manifest manifest;
    manifest.items["product"] = content.size();
    return store.publish(std::move(staging), std::move(manifest));
  }

  /// What an action throws; fails when it throws nothing.
  template <class F>
  static Error error_of(F action) {
    try {
      action();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error(ErrorKind::kUsage, "nothing was thrown");
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("segue-store-" + std::to_string(::getpid()));
};

}  // namespace segue::index
