#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "index/catalogue.h"
#include "index/text/text_index.h"

namespace segue::index::testing {

/// A directory that goes with its object.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "segue-text-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The letter and the number, as in w7.
inline std::string numbered(const char* letters, std::size_t number) {
  std::string text(letters);
  text.append(std::to_string(number));
  return text;
}

inline Item item(std::string id, std::string title, std::string text = {}, std::string kind = "item") {
  Item made;
  made.id = std::move(id);
  made.kind = std::move(kind);
  made.title = std::move(title);
  made.text = std::move(text);
  return made;
}

/// A catalogue with its index on disk.
struct Indexed {
  explicit Indexed(std::vector<Item> items, std::string_view analyzer = "simple",
                   const TextIndexOptions& options = {})
      : catalogue(std::move(items)) {
    TextIndex::build(catalogue, directory.path() / "text", analyzer);
    index = TextIndex::open(directory.path() / "text", catalogue, options);
  }
  ItemId id(std::string_view name) const { return catalogue.find(name); }

  ScratchDirectory directory;
  Catalogue catalogue;
  std::unique_ptr<TextIndex> index;
};

/// Items of short random texts over a small vocabulary (w0, w1, ... the first most frequent); one in eight is
/// a query.
inline std::vector<Item> random_items(std::size_t count, std::size_t vocabulary, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto words = [&](std::size_t most) {
    std::string text;
    for (std::size_t n = below(most + 1); n > 0; --n) {
      text.append(numbered(text.empty() ? "w" : " w", std::min(below(vocabulary), below(vocabulary))));
    }
    return text;
  };
  std::vector<Item> items;
  for (std::size_t i = 0; i < count; ++i) {
    items.push_back(item(numbered("id", i), words(6), words(12), below(8) == 0 ? "query" : "item"));
    items.back().attributes["price"] = static_cast<double>(below(20)) / 2;
    items.back().attributes["color"] = std::string(below(2) == 0 ? "red" : "Blue");
    items.back().attributes["sale"] = below(2) == 0;
  }
  return items;
}

}  // namespace segue::index::testing
