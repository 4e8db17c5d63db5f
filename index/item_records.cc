#include "index/item_records.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "index/safetensors.h"
#include "index/string_tensors.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

// The alternatives of AttributeValue, by their place.
enum class AttributeType : std::uint8_t { kText, kNumber, kBoolean, kList };

class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}

  template <class Number>
  void number(Number value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
  }
  void length(std::size_t length) {
    if (length > std::numeric_limits<std::uint32_t>::max()) throw std::invalid_argument("an item too large");
    number(static_cast<std::uint32_t>(length));
  }
  void text(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void sized_text(std::string_view value) {
    length(value.size());
    text(value);
  }

 private:
  std::vector<std::uint8_t>& bytes_;
};

}  // namespace

/// Reads a record from its first byte; a step beyond the last one is a damaged file.
class ItemRecords::Reader {
 public:
  Reader(std::span<const std::uint8_t> bytes, const ItemRecords& records)
      : bytes_(bytes), records_(records) {}

  template <class Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    return value;
  }
  std::string_view text(std::size_t length) { return {reinterpret_cast<const char*>(take(length)), length}; }
  std::string_view sized_text() { return text(number<std::uint32_t>()); }
  const std::string& name() {
    const auto number = this->number<std::uint32_t>();
    if (number >= records_.names_.size()) fail();
    return records_.names_[number];
  }
  AttributeValue attribute() {
    switch (static_cast<AttributeType>(number<std::uint8_t>())) {
      case AttributeType::kText:
        return std::string(sized_text());
      case AttributeType::kNumber:
        return number<double>();
      case AttributeType::kBoolean:
        return number<std::uint8_t>() != 0;
      case AttributeType::kList: {
        std::vector<std::string> list;
        for (auto left = number<std::uint32_t>(); left > 0; --left) list.emplace_back(sized_text());
        return list;
      }
    }
    fail();
  }
  void skip_attribute() {
    switch (static_cast<AttributeType>(number<std::uint8_t>())) {
      case AttributeType::kText:
        sized_text();
        return;
      case AttributeType::kNumber:
        take(sizeof(double));
        return;
      case AttributeType::kBoolean:
        take(1);
        return;
      case AttributeType::kList:
        for (auto left = number<std::uint32_t>(); left > 0; --left) sized_text();
        return;
    }
    fail();
  }
  std::vector<float> vector() {
    const auto size = number<std::uint32_t>();
    const std::uint8_t* numbers = take(std::size_t{size} * sizeof(float));
    std::vector<float> vector(size);
    if (size > 0) std::memcpy(vector.data(), numbers, std::size_t{size} * sizeof(float));
    return vector;
  }
  bool at_end() const { return bytes_.empty(); }
  [[noreturn]] void fail() const {
    throw Error(ErrorKind::kDamagedStore, "a record of an item is damaged",
                records_.file_ ? records_.file_->file().string() : "items",
                "roll back with `segue snapshots rollback`, or run `segue reindex` again");
  }

 private:
  const std::uint8_t* take(std::size_t count) {
    if (count > bytes_.size()) fail();
    const std::uint8_t* at = bytes_.data();
    bytes_ = bytes_.subspan(count);
    return at;
  }

  std::span<const std::uint8_t> bytes_;
  const ItemRecords& records_;
};

/// What every record begins with; the attributes follow: their number, then name, type and value of each;
/// then the vector: its length and numbers.
struct ItemRecords::Head {
  const std::string* kind;
  double weight;  // NaN: none
  std::string_view id, title, text;

  explicit Head(Reader& reader) {
    kind = &reader.name();
    weight = reader.number<double>();
    const auto id_size = reader.number<std::uint32_t>();
    const auto title_size = reader.number<std::uint32_t>();
    const auto text_size = reader.number<std::uint32_t>();
    id = reader.text(id_size);
    title = reader.text(title_size);
    text = reader.text(text_size);
  }
};

std::uint32_t ItemRecords::number_of(std::string_view name) {
  const auto [found, added] =
      numbers_.try_emplace(std::string(name), static_cast<std::uint32_t>(names_.size()));
  if (added) names_.emplace_back(name);
  return found->second;
}

void ItemRecords::add(const Item& item) {
  if (file_) throw std::logic_error("records that are mapped do not grow");
  append(item, true);
}

void ItemRecords::append(const Item& item, bool with_vectors) {
  Writer writer(own_bytes_);
  writer.number(number_of(item.kind));
  writer.number(item.weight.value_or(std::numeric_limits<double>::quiet_NaN()));
  for (const std::string* text : {&item.id, &item.title, &item.text}) writer.length(text->size());
  for (const std::string* text : {&item.id, &item.title, &item.text}) writer.text(*text);
  writer.length(item.attributes.size());
  for (const auto& [name, value] : item.attributes) {
    writer.number(number_of(name));
    writer.number(static_cast<std::uint8_t>(value.index()));
    if (const auto* text = std::get_if<std::string>(&value)) {
      writer.sized_text(*text);
    } else if (const auto* number = std::get_if<double>(&value)) {
      writer.number(*number);
    } else if (const auto* truth = std::get_if<bool>(&value)) {
      writer.number(static_cast<std::uint8_t>(*truth));
    } else {
      const auto& list = std::get<std::vector<std::string>>(value);
      writer.length(list.size());
      for (const std::string& entry : list) writer.sized_text(entry);
    }
  }
  const auto add_vector = [&](const std::vector<float>& vector) {
    writer.length(vector.size());
    for (const float number : vector) writer.number(number);
  };
  add_vector(with_vectors ? item.vector : std::vector<float>());
  writer.length(with_vectors ? item.vectors.size() : 0);
  if (with_vectors) {
    for (const auto& [name, vector] : item.vectors) {
      writer.number(number_of(name));
      add_vector(vector);
    }
  }
  own_offsets_.push_back(static_cast<std::int64_t>(own_bytes_.size()));
}

void ItemRecords::save(const std::filesystem::path& file) const {
  ItemRecords bare;
  for (std::size_t i = 0; i < size(); ++i) bare.append(item(i), false);
  const auto [letters, ends] = StringTensors::pack(bare.names_);
  SafetensorsWriter writer;
  writer.add("bytes", {bare.own_bytes_.size()}, bare.own_bytes_);
  writer.add("offsets", {bare.own_offsets_.size()}, bare.own_offsets_);
  StringTensors(letters, ends).add_to(writer, "names");
  writer.write(file);
}

ItemRecords ItemRecords::open(const std::filesystem::path& file) {
  ItemRecords records;
  records.file_ = Safetensors::open(file);
  const Safetensors& tensors = *records.file_;
  records.mapped_bytes_ = tensors.u8("bytes");
  records.mapped_offsets_ = tensors.i64("offsets");
  const StringTensors names(tensors, "names");
  const auto offsets = records.mapped_offsets_;
  if (offsets.empty() || !are_offsets(offsets, offsets.size() - 1, records.mapped_bytes_.size())) {
    Reader({}, records).fail();
  }
  for (std::size_t n = 0; n < names.size(); ++n) records.names_.emplace_back(names[n]);
  records.check();
  return records;
}

void ItemRecords::check() const {
  for (std::size_t i = 0; i < size(); ++i) {
    Reader record = reader(i);
    const Head head(record);
    for (auto left = record.number<std::uint32_t>(); left > 0; --left) {
      record.name();
      record.skip_attribute();
    }
    record.vector();
    for (auto left = record.number<std::uint32_t>(); left > 0; --left) {
      record.name();
      record.vector();
    }
    if (!record.at_end() || head.id.empty()) record.fail();
  }
}

ItemRecords::Reader ItemRecords::reader(std::size_t i) const {
  const auto begin = static_cast<std::size_t>(offsets()[i]);
  return {bytes().subspan(begin, static_cast<std::size_t>(offsets()[i + 1]) - begin), *this};
}

std::string_view ItemRecords::id(std::size_t i) const {
  Reader record = reader(i);
  return Head(record).id;
}

std::string_view ItemRecords::kind(std::size_t i) const {
  Reader record = reader(i);
  return record.name();
}

std::string_view ItemRecords::title(std::size_t i) const {
  Reader record = reader(i);
  return Head(record).title;
}

std::string_view ItemRecords::text(std::size_t i) const {
  Reader record = reader(i);
  return Head(record).text;
}

std::optional<double> ItemRecords::weight(std::size_t i) const {
  Reader record = reader(i);
  const double weight = Head(record).weight;
  return std::isnan(weight) ? std::nullopt : std::optional(weight);
}

std::optional<AttributeValue> ItemRecords::attribute(std::size_t i, std::string_view name) const {
  Reader record = reader(i);
  const Head head(record);
  for (auto left = record.number<std::uint32_t>(); left > 0; --left) {
    if (record.name() == name) return record.attribute();
    record.skip_attribute();
  }
  return std::nullopt;
}

Item ItemRecords::item(std::size_t i) const {
  Reader record = reader(i);
  const Head head(record);
  Item item;
  item.id = head.id;
  item.kind = *head.kind;
  item.title = head.title;
  item.text = head.text;
  if (!std::isnan(head.weight)) item.weight = head.weight;
  for (auto left = record.number<std::uint32_t>(); left > 0; --left) {
    const std::string& name = record.name();
    item.attributes.emplace(name, record.attribute());
  }
  item.vector = record.vector();
  for (auto left = record.number<std::uint32_t>(); left > 0; --left) {
    const std::string& name = record.name();
    item.vectors.emplace(name, record.vector());
  }
  return item;
}

}  // namespace segue::index
