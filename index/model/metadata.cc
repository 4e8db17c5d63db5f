#include "index/model/metadata.h"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "kernels/error.h"

namespace segue::index {

std::string number_text(double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

namespace {

template <class Number>
Number parse_metadata(const Safetensors& file, std::string_view key) {
  const std::string text = file.metadata(key);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    refuse(file, "the metadata " + std::string(key) + " is \"" + text + "\", not a number");
  }
  return value;
}

}  // namespace

double number_metadata(const Safetensors& file, std::string_view key) {
  const double value = parse_metadata<double>(file, key);
  if (!std::isfinite(value)) refuse(file, "the metadata " + std::string(key) + " is not finite");
  return value;
}

std::uint64_t count_metadata(const Safetensors& file, std::string_view key) {
  return parse_metadata<std::uint64_t>(file, key);
}

HistoryDecay decay_metadata(const Safetensors& file, std::string_view key) {
  const std::string text = file.metadata(key);
  const auto decay = parse_history_decay(text);
  if (!decay) refuse(file, "the metadata " + std::string(key) + " is \"" + text + "\", which is no decay");
  return *decay;
}

void refuse(const Safetensors& file, std::string_view what) {
  throw Error(ErrorKind::kDamagedStore, what, file.file().string(),
              "publish the snapshot again or roll back");
}

std::span<const std::int32_t> vocabulary_tensor(const Safetensors& file, std::string_view name,
                                                std::size_t item_count) {
  const auto items = file.i32(name);
  std::int64_t before = -1;
  for (const std::int32_t item : items) {
    if (item <= before || static_cast<std::size_t>(item) >= item_count) {
      refuse(file, std::string(name) + " are not rising rows of a catalogue of " +
                       std::to_string(item_count) + " items");
    }
    before = item;
  }
  return items;
}

}  // namespace segue::index
