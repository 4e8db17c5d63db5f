#include "index/string_tensors.h"

#include "kernels/error.h"

namespace segue::index {

StringTensors::StringTensors(const Safetensors& file, const std::string& name)
    : bytes_(file.u8(name + ".bytes")), offsets_(file.i64(name + ".offsets")) {
  if (offsets_.empty() || !are_offsets(offsets_, offsets_.size() - 1, bytes_.size())) {
    throw Error(ErrorKind::kDamagedStore,
                "the tensors " + name + ".bytes and " + name + ".offsets do not fit", file.file().string(),
                "run `segue reindex` again, or roll back");
  }
}

std::pair<std::vector<std::uint8_t>, std::vector<std::int64_t>> StringTensors::pack(
    std::span<const std::string> strings) {
  std::vector<std::uint8_t> bytes;
  std::vector<std::int64_t> offsets{0};
  for (const std::string& text : strings) {
    bytes.insert(bytes.end(), text.begin(), text.end());
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  return {std::move(bytes), std::move(offsets)};
}

void StringTensors::add_to(SafetensorsWriter& writer, const std::string& name) const {
  writer.add(name + ".bytes", {bytes_.size()}, bytes_);
  writer.add(name + ".offsets", {offsets_.size()}, offsets_);
}

bool StringTensors::are_rising() const {
  for (std::size_t i = 1; i < size(); ++i) {
    if ((*this)[i - 1] >= (*this)[i]) return false;
  }
  return true;
}

std::optional<std::size_t> StringTensors::find(std::string_view text) const {
  std::size_t low = 0;
  std::size_t high = size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if ((*this)[middle] < text) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == size() || (*this)[low] != text) return std::nullopt;
  return low;
}

}  // namespace segue::index
