#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index/item.h"

namespace segue::index {

class Safetensors;

/// Items as bytes laid end to end, in memory or mapped from a file: a hundred thousand of them cost a service
/// no private memory. Views live as long as the object, also when it is moved. Thread-safe once it changes no
/// more.
class ItemRecords {
 public:
  ItemRecords() = default;
  /// Maps what save() wrote. Throws Error (kDamagedStore) that names the file.
  static ItemRecords open(const std::filesystem::path& file);
  /// bytes U8, offsets I64 [items + 1], names.bytes U8, names.offsets I64 [names + 1]. Vectors are left out:
  /// a snapshot has them as a matrix. Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  /// At the end. Only in memory: std::logic_error for a mapped file.
  void add(const Item& item);

  std::size_t size() const { return offsets().size() - 1; }
  std::string_view id(std::size_t i) const;
  std::string_view kind(std::size_t i) const;
  std::string_view title(std::size_t i) const;
  std::string_view text(std::size_t i) const;
  std::optional<double> weight(std::size_t i) const;
  std::optional<AttributeValue> attribute(std::size_t i, std::string_view name) const;
  /// All of it; without vectors when mapped.
  Item item(std::size_t i) const;

 private:
  class Reader;
  struct Head;

  std::span<const std::int64_t> offsets() const { return file_ ? mapped_offsets_ : own_offsets_; }
  std::span<const std::uint8_t> bytes() const { return file_ ? mapped_bytes_ : own_bytes_; }
  Reader reader(std::size_t i) const;
  void check() const;
  void append(const Item& item, bool with_vectors);
  std::uint32_t number_of(std::string_view name);

  std::vector<std::uint8_t> own_bytes_;
  std::vector<std::int64_t> own_offsets_{0};
  std::vector<std::string> names_;  // of kinds and attributes
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::shared_ptr<const Safetensors> file_;  // null: in memory
  std::span<const std::uint8_t> mapped_bytes_;
  std::span<const std::int64_t> mapped_offsets_;
};

}  // namespace segue::index
