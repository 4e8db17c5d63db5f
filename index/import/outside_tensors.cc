#include "index/import/outside_tensors.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "index/input/item_id.h"
#include "index/input/items_reader.h"
#include "index/input/text_file.h"
#include "index/stored_matrix.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::string_view kVocabulary = "vocabulary";

std::string text_of(const std::vector<std::size_t>& shape) {
  return nlohmann::json(shape).dump();
}

/// What a damaged store would be, were the file ours.
[[noreturn]] void rethrow_as_input(const Error& error) {
  if (error.kind() != ErrorKind::kDamagedStore) throw error;
  const std::string what = error.what();
  const std::size_t begin = error.where().empty() ? 0 : error.where().size() + 2;
  const std::size_t end = error.mend().empty() ? what.size() : what.size() - error.mend().size() - 2;
  throw Error(ErrorKind::kBadInput, what.substr(begin, end - begin), error.where(),
              "write the file again (docs/import-models.md)");
}

}  // namespace

OutsideTensors::OutsideTensors(const std::filesystem::path& file) {
  try {
    tensors_ = Safetensors::open(file);
  } catch (const Error& error) {
    rethrow_as_input(error);
  }
}

void OutsideTensors::refuse(std::string_view what, std::string_view mend) const {
  throw Error(ErrorKind::kBadInput, what, tensors_->file().string(), mend);
}

const std::vector<std::size_t>& OutsideTensors::shape(std::string_view name) const {
  if (!has(name)) {
    refuse("tensor " + std::string(name) + " is missing",
           "docs/import-models.md lists the names and shapes that are read");
  }
  return tensors_->shape(name);
}

std::size_t OutsideTensors::count_metadata(std::string_view key, std::size_t most) const {
  const std::string text = metadata(key);
  std::size_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value == 0 || value > most) {
    refuse("the metadata `" + std::string(key) + "` is \"" + text + "\", not a number from 1 to " +
               std::to_string(most),
           "write it with save_file(tensors, file, metadata={\"" + std::string(key) + "\": \"2\", ...})");
  }
  return value;
}

std::pair<std::size_t, std::size_t> OutsideTensors::matrix_shape(std::string_view name) const {
  const std::vector<std::size_t>& extents = shape(name);
  if (extents.size() != 2 || extents[0] == 0 || extents[1] == 0) {
    refuse("tensor " + std::string(name) + " has shape " + text_of(extents) + "; [rows, columns] is needed",
           "write the matrix itself, with at least one row");
  }
  return {extents[0], extents[1]};
}

void OutsideTensors::read(std::string_view name, const std::vector<std::size_t>& expected,
                          std::span<float> values) const {
  const std::string tensor = "tensor " + std::string(name);
  if (shape(name) != expected) {
    refuse(tensor + " has shape " + text_of(shape(name)) + "; " + text_of(expected) + " is needed",
           "the shapes follow from the item table, the positions and the metadata `heads`");
  }
  const std::optional<DType> type = tensors_->dtype(name);
  if (type == DType::kF32) {
    const std::span<const float> floats = tensors_->f32(name);
    std::copy(floats.begin(), floats.end(), values.begin());
  } else if (type == DType::kF16) {
    const std::span<const Half> halves = tensors_->f16(name);
    std::transform(halves.begin(), halves.end(), values.begin(), to_float);
  } else if (type == DType::kI8 && expected.size() == 2) {
    try {
      StoredMatrix::open(tensors_, name).copy_rows(0, {values.data(), expected[0], expected[1]});
    } catch (const Error& error) {
      rethrow_as_input(error);
    }
  } else {
    refuse(tensor + " has dtype " + tensors_->dtype_name(name) + "; F32 or F16 is needed",
           "convert it, in PyTorch with .float()");
  }
  const auto bad = std::find_if(values.begin(), values.end(), [](float x) { return !std::isfinite(x); });
  if (bad != values.end()) {
    const std::size_t row_size = expected.empty() ? 1 : values.size() / expected[0];
    refuse(tensor + " holds a value that is not finite, in row " +
               std::to_string(static_cast<std::size_t>(bad - values.begin()) / row_size),
           "look at the training that it comes from");
  }
}

void OutsideTensors::allow_only(std::span<const std::string> names) const {
  for (const std::string& name : tensors_->names()) {
    const bool is_scale = name.ends_with(".scale") && has(name.substr(0, name.size() - 6)) &&
                          tensors_->dtype(name.substr(0, name.size() - 6)) == DType::kI8;
    if (is_scale || std::find(names.begin(), names.end(), name) != names.end()) continue;
    refuse(
        "tensor " + name + " has no place in such a model",
        "weights with more parts would answer wrongly: docs/import-models.md lists the names that are read");
  }
}

std::vector<std::string> OutsideTensors::ids(std::size_t count) const {
  std::filesystem::path lines = tensors_->file();
  lines += ".ids";
  const std::filesystem::path items = tensors_->file().parent_path().parent_path() / "items.jsonl";
  std::vector<std::string> ids;
  if (!metadata("ids").empty()) {
    ids = ids_from_metadata();
  } else if (std::filesystem::exists(lines)) {
    ids = ids_from_lines(lines);
  } else if (has(kVocabulary) && std::filesystem::exists(items)) {
    ids = ids_from_snapshot(items);
  } else {
    refuse("nothing says which row belongs to which item",
           "write the ids, one a line in the order of the rows, to " + lines.string() +
               ", or as a JSON list to the metadata `ids`");
  }
  if (ids.size() != count) {
    refuse("there are " + std::to_string(ids.size()) + " ids for " + std::to_string(count) + " rows of items",
           "give one id per row, in the order of the rows");
  }
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string number = "id " + std::to_string(i + 1);
    if (const std::string fault = item_id_fault(ids[i]); !fault.empty())
      refuse(number + " " + fault, "ids are those of items.jsonl and events.jsonl");
    if (!seen.insert(ids[i]).second)
      refuse(number + ", \"" + ids[i] + "\", stands there twice", "give each item one row");
  }
  return ids;
}

std::vector<std::string> OutsideTensors::ids_from_metadata() const {
  const auto list = nlohmann::json::parse(metadata("ids"), nullptr, /*allow_exceptions=*/false);
  if (!list.is_array() ||
      !std::all_of(list.begin(), list.end(), [](const auto& id) { return id.is_string(); })) {
    refuse("the metadata `ids` is no JSON list of strings", "write it with json.dumps(ids)");
  }
  return list.get<std::vector<std::string>>();
}

std::vector<std::string> OutsideTensors::ids_from_lines(const std::filesystem::path& file) const {
  LineReader reader(file);
  std::vector<std::string> ids;
  std::string_view line;
  while (reader.next(line)) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    ids.emplace_back(line);
  }
  return ids;
}

std::vector<std::string> OutsideTensors::ids_from_snapshot(const std::filesystem::path& items) const {
  const std::vector<Item> known = read_items(items).items;
  std::vector<std::string> ids;
  if (tensors_->dtype(kVocabulary) != DType::kI32)
    refuse("tensor vocabulary is not I32", "write ids instead");
  for (const std::int32_t item : tensors_->i32(kVocabulary)) {
    if (item < 0 || static_cast<std::size_t>(item) >= known.size())
      refuse("tensor vocabulary names an item that " + items.string() + " lacks", "take a whole snapshot");
    ids.push_back(known[static_cast<std::size_t>(item)].id);
  }
  return ids;
}

}  // namespace segue::index
