#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "index/catalogue.h"
#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {

/// A file as another program might write it, in parts that a test changes.
struct OutsideFile {
  std::map<std::string, std::string> metadata;
  std::map<std::string, std::pair<std::vector<std::size_t>, std::vector<float>>> tensors;

  /// What Safetensors::open() finds in a file of floats.
  static OutsideFile of(const std::filesystem::path& file, std::initializer_list<const char*> keys) {
    OutsideFile parts;
    const auto tensors = Safetensors::open(file);
    for (const char* key : keys) {
      if (const std::string text = tensors->metadata(key); !text.empty()) parts.metadata[key] = text;
    }
    for (const std::string& name : tensors->names()) {
      if (tensors->dtype(name) != DType::kF32) continue;
      const auto values = tensors->f32(name);
      parts.tensors[name] = {tensors->shape(name), {values.begin(), values.end()}};
    }
    return parts;
  }
  void ids(const std::vector<std::string>& list) { metadata["ids"] = nlohmann::json(list).dump(); }
  void write(const std::filesystem::path& file) const {
    SafetensorsWriter writer;
    for (const auto& [key, value] : metadata) writer.metadata(key, value);
    for (const auto& [name, tensor] : tensors)
      writer.add(name, tensor.first, std::span<const float>(tensor.second));
    writer.write(file);
  }
};

/// A folder for files of one test.
class ImportTest : public testing::Test {
 protected:
  ImportTest() { std::filesystem::create_directories(folder_); }
  ~ImportTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file() const { return folder_ / "outside.safetensors"; }
  std::filesystem::path id_file() const { return folder_ / "outside.safetensors.ids"; }

  /// What `import` says against the file; empty when it takes it.
  template <class Import>
  std::string refusal(const Import& import) const {
    try {
      import();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << error.what();
      EXPECT_NE(error.where(), "") << error.what();
      EXPECT_NE(error.mend(), "") << error.what();
      return error.what();
    }
    return "";
  }

 private:
  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("segue-import-" + std::to_string(::getpid()));
};

inline Catalogue catalogue_of(const std::vector<std::string>& ids) {
  std::vector<Item> items(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) items[i].id = ids[i];
  return Catalogue(std::move(items));
}

}  // namespace segue::index
