#pragma once

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "index/catalogue.h"
#include "index/model/random_stream.h"
#include "index/model/training_data.h"

namespace segue::index::testing {

/// A catalogue of n items, ids in the order of their rows; those in `queries` are of kind `query`.
inline Catalogue make_catalogue(std::size_t n, const std::set<ItemId>& queries = {}) {
  std::vector<Item> items(n);
  for (std::size_t i = 0; i < n; ++i) {
    char id[32];
    std::snprintf(id, sizeof id, "i%07zu", i);
    items[i].id = id;
    items[i].title = id;
    if (queries.contains(static_cast<ItemId>(i))) items[i].kind = kQueryKind;
  }
  return Catalogue(std::move(items));
}

/// Its items as values, to be changed.
inline std::vector<Item> items_of(const Catalogue& catalogue) {
  std::vector<Item> items;
  for (ItemId i = 0; i < catalogue.size(); ++i) items.push_back(catalogue.item(i));
  return items;
}

inline TrainingData make_data(std::size_t items, const std::vector<std::vector<ItemId>>& sequences) {
  TrainingData data;
  data.item_count = items;
  for (const auto& sequence : sequences) data.append(sequence, std::vector<float>(sequence.size(), 1.0f));
  return data;
}

inline ItemId any_item(RandomStream& random, std::size_t n) {
  return static_cast<ItemId>(random.below(n));
}

/// A folder that is gone when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() / ("segue_model_test_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace segue::index::testing
