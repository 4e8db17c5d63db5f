#pragma once

#include <filesystem>
#include <string>

#include "index/event.h"
#include "index/input/text_file.h"
#include "index/item.h"

namespace segue::index {

/// One line of items.jsonl or events.jsonl without its line feed: keys in the order of docs/file-formats.md,
/// what is absent or a default left out. Reading it back gives an equal value. Strings must be UTF-8, numbers
/// finite.
std::string to_json(const Item& item);
std::string to_json(const Event& event);

/// Writes lines of either file; errors and atomicity are those of TextWriter. Thread-compatible.
class JsonlWriter {
 public:
  explicit JsonlWriter(const std::filesystem::path& file) : out_(file) {}
  void write(const Item& item) { write_line(to_json(item)); }
  void write(const Event& event) { write_line(to_json(event)); }
  void write_line(std::string_view json) {
    out_.write(json);
    out_.write("\n");
  }
  /// Without it nothing is left behind.
  void finish() { out_.finish(); }

 private:
  TextWriter out_;
};

}  // namespace segue::index
