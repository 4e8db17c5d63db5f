#include "index/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "index/snapshot/durable_file.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

static_assert(std::endian::native == std::endian::little,
              "safetensors files are little-endian and are mapped as they are");

using Json = nlohmann::json;

constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeaderBytes = 100'000'000;  // the format's own limit

struct DTypeRow {
  std::string_view name;
  std::size_t bytes;
  std::optional<DType>
      ours;  // a type that Segue does not write may stand in a foreign file; it is not handed out
};
constexpr DTypeRow kDTypes[] = {
    {"F32", 4, DType::kF32}, {"F16", 2, DType::kF16}, {"I32", 4, DType::kI32}, {"I64", 8, DType::kI64},
    {"I8", 1, DType::kI8},   {"U8", 1, DType::kU8},   {"F64", 8, {}},          {"BF16", 2, {}},
    {"U64", 8, {}},          {"U32", 4, {}},          {"U16", 2, {}},          {"I16", 2, {}},
    {"BOOL", 1, {}},         {"F8_E4M3", 1, {}},      {"F8_E5M2", 1, {}},
};

const DTypeRow& row_of(DType dtype) {
  return *std::find_if(std::begin(kDTypes), std::end(kDTypes),
                       [&](const DTypeRow& row) { return row.ours == dtype; });
}

/// shape's product times the element size; empty when it overflows.
std::optional<std::size_t> byte_count(const std::vector<std::size_t>& shape, std::size_t element) {
  std::size_t bytes = element;
  for (const std::size_t extent : shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return bytes;
}

std::string to_string(const std::vector<std::size_t>& shape) {
  return Json(shape).dump();
}

void require_utf8(std::string_view text) {
  try {
    (void)Json(text).dump();
  } catch (const Json::exception&) {
    throw std::invalid_argument("safetensors: names and metadata are UTF-8");
  }
}

}  // namespace

// --- writing
// ---------------------------------------------------------------------------------------------------

void SafetensorsWriter::add(std::string_view name, std::vector<std::size_t> shape,
                            std::span<const float> values) {
  add_bytes(name, DType::kF32, std::move(shape), std::as_bytes(values));
}
void SafetensorsWriter::add(std::string_view name, std::vector<std::size_t> shape,
                            std::span<const Half> values) {
  add_bytes(name, DType::kF16, std::move(shape), std::as_bytes(values));
}
void SafetensorsWriter::add(std::string_view name, std::vector<std::size_t> shape,
                            std::span<const std::int8_t> values) {
  add_bytes(name, DType::kI8, std::move(shape), std::as_bytes(values));
}
void SafetensorsWriter::add(std::string_view name, std::vector<std::size_t> shape,
                            std::span<const std::int32_t> values) {
  add_bytes(name, DType::kI32, std::move(shape), std::as_bytes(values));
}
void SafetensorsWriter::add(std::string_view name, std::vector<std::size_t> shape,
                            std::span<const std::int64_t> values) {
  add_bytes(name, DType::kI64, std::move(shape), std::as_bytes(values));
}
void SafetensorsWriter::add(std::string_view name, std::vector<std::size_t> shape,
                            std::span<const std::uint8_t> values) {
  add_bytes(name, DType::kU8, std::move(shape), std::as_bytes(values));
}

void SafetensorsWriter::add_bytes(std::string_view name, DType dtype, std::vector<std::size_t> shape,
                                  std::span<const std::byte> bytes) {
  if (name == kMetadataKey) throw std::invalid_argument("safetensors: __metadata__ is no name of a tensor");
  require_utf8(name);
  if (byte_count(shape, row_of(dtype).bytes) != bytes.size()) {
    throw std::invalid_argument("safetensors: " + std::string(name) +
                                " has not as many values as its shape " + to_string(shape) + " says");
  }
  Tensor tensor{dtype, std::move(shape), {bytes.begin(), bytes.end()}};
  if (!tensors_.emplace(name, std::move(tensor)).second) {
    throw std::invalid_argument("safetensors: two tensors are named " + std::string(name));
  }
}

void SafetensorsWriter::metadata(std::string_view key, std::string_view value) {
  require_utf8(key);
  require_utf8(value);
  metadata_.insert_or_assign(std::string(key), std::string(value));
}

void SafetensorsWriter::write(const std::filesystem::path& file) const {
  // The format allows no holes, so alignment comes from the order: wide elements first. Equal widths by name.
  std::vector<const std::pair<const std::string, Tensor>*> order;
  for (const auto& entry : tensors_) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return row_of(a->second.dtype).bytes > row_of(b->second.dtype).bytes;
  });

  Json header = Json::object();
  if (!metadata_.empty()) header[std::string(kMetadataKey)] = metadata_;
  std::size_t offset = 0;
  for (const auto* entry : order) {
    const Tensor& tensor = entry->second;
    const std::size_t end = offset + tensor.bytes.size();
    header[entry->first] = {
        {"dtype", row_of(tensor.dtype).name}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > kMaxHeaderBytes) throw std::invalid_argument("safetensors: the header exceeds 100 MB");

  DurableFile out(file);
  const std::uint64_t length = text.size();
  out.write(std::as_bytes(std::span(&length, 1)));
  out.write(text);
  for (const auto* entry : order) out.write(entry->second.bytes);
  out.finish();
}

// --- reading
// ---------------------------------------------------------------------------------------------------

struct Safetensors::Impl {
  struct Tensor {
    const DTypeRow* type = nullptr;
    std::vector<std::size_t> shape;
    std::size_t begin = 0;
    std::size_t end = 0;
    const std::byte* data = nullptr;
    std::vector<std::max_align_t> aligned;  // a copy, where the file has the tensor at an odd address
  };

  void* mapping = MAP_FAILED;
  std::size_t size = 0;
  std::map<std::string, Tensor, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> metadata;

  ~Impl() {
    if (mapping != MAP_FAILED) ::munmap(mapping, size);
  }

  void map(const std::filesystem::path& file);
  void parse(const std::filesystem::path& file);
  const Tensor& get(std::string_view name, const std::filesystem::path& file) const;
  template <class T>
  std::span<const T> values(std::string_view name, DType dtype, const std::filesystem::path& file) const;
};

namespace {

[[noreturn]] void damaged(const std::filesystem::path& file, std::string_view what) {
  throw Error(ErrorKind::kDamagedStore, what, file.string(), "restore the file, or take another snapshot");
}

void require_finite(std::span<const float> values, std::string_view name, const std::filesystem::path& file) {
  // All exponent bits set: infinite or not a number. Branch-free over a block, so that it runs at memory
  // speed.
  constexpr std::size_t kBlock = 4096;
  for (std::size_t begin = 0; begin < values.size(); begin += kBlock) {
    bool bad = false;
    for (const float x : values.subspan(begin, std::min(kBlock, values.size() - begin))) {
      bad |= (std::bit_cast<std::uint32_t>(x) & 0x7f800000u) == 0x7f800000u;
    }
    if (bad) damaged(file, "tensor " + std::string(name) + " holds a value that is not finite");
  }
}

}  // namespace

void Safetensors::Impl::map(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const int error = errno;
    if (error == ENOENT) damaged(file, "the file is missing");
    throw Error(ErrorKind::kResource, "cannot open: " + std::generic_category().message(error),
                file.string());
  }
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  size = regular ? static_cast<std::size_t>(status.st_size) : 0;
  if (size > 0) mapping = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  const int error = errno;
  ::close(descriptor);
  if (!regular) damaged(file, "not a regular file");
  if (size <= kLengthBytes) damaged(file, "too short for a safetensors file");
  if (mapping == MAP_FAILED) {
    throw Error(ErrorKind::kResource, "cannot map: " + std::generic_category().message(error), file.string());
  }
}

void Safetensors::Impl::parse(const std::filesystem::path& file) {
  const auto* bytes = static_cast<const std::byte*>(mapping);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes, kLengthBytes);
  if (length > kMaxHeaderBytes || length > size - kLengthBytes)
    damaged(file, "the header is longer than the file");
  const auto* text = reinterpret_cast<const char*>(bytes + kLengthBytes);
  const Json header = Json::parse(text, text + length, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) damaged(file, "the header is no JSON object");

  const std::byte* data = bytes + kLengthBytes + length;
  const std::size_t data_bytes = size - kLengthBytes - static_cast<std::size_t>(length);
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadataKey) {
      if (!value.is_object()) damaged(file, "__metadata__ is no object");
      for (const auto& [key, entry] : value.items()) {
        if (!entry.is_string()) damaged(file, "__metadata__ holds a value that is no string");
        metadata.emplace(key, entry.get<std::string>());
      }
      continue;
    }
    const auto malformed = [&](std::string_view what) {
      damaged(file, "tensor " + name + " " + std::string(what));
    };
    if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets")) {
      malformed("lacks dtype, shape or data_offsets");
    }
    Tensor tensor;
    const Json& dtype = value["dtype"];
    for (const DTypeRow& row : kDTypes) {
      if (dtype.is_string() && dtype.get_ref<const std::string&>() == row.name) tensor.type = &row;
    }
    if (tensor.type == nullptr) malformed("has an unknown dtype");
    const auto is_count = [](const Json& number) { return number.is_number_unsigned(); };
    const Json& shape = value["shape"];
    if (!shape.is_array() || !std::all_of(shape.begin(), shape.end(), is_count))
      malformed("has a malformed shape");
    tensor.shape = shape.get<std::vector<std::size_t>>();
    const Json& offsets = value["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2 ||
        !std::all_of(offsets.begin(), offsets.end(), is_count)) {
      malformed("has malformed data_offsets");
    }
    tensor.begin = offsets[0].get<std::size_t>();
    tensor.end = offsets[1].get<std::size_t>();
    if (tensor.begin > tensor.end || tensor.end > data_bytes) malformed("lies outside of the file");
    if (byte_count(tensor.shape, tensor.type->bytes) != tensor.end - tensor.begin) {
      malformed("has not as many bytes as its shape " + to_string(tensor.shape) + " says");
    }
    tensor.data = data + tensor.begin;
    tensors.emplace(name, std::move(tensor));
  }

  // Sorted by where they begin, tensors touch and cover the data: no overlap, no hole that could hide
  // something.
  std::vector<std::pair<const std::string, Tensor>*> order;
  for (auto& entry : tensors) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  std::size_t covered = 0;
  for (auto* entry : order) {
    Tensor& tensor = entry->second;
    if (tensor.begin < covered) damaged(file, "tensor " + entry->first + " overlaps another");
    if (tensor.begin > covered) damaged(file, "bytes before tensor " + entry->first + " belong to no tensor");
    covered = tensor.end;
    if (reinterpret_cast<std::uintptr_t>(tensor.data) % tensor.type->bytes != 0) {
      const std::size_t count = tensor.end - tensor.begin;
      tensor.aligned.resize((count + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t));
      if (count > 0) std::memcpy(tensor.aligned.data(), tensor.data, count);
      tensor.data = reinterpret_cast<const std::byte*>(tensor.aligned.data());
    }
  }
  if (covered != data_bytes) damaged(file, "bytes after the last tensor belong to no tensor");
}

const Safetensors::Impl::Tensor& Safetensors::Impl::get(std::string_view name,
                                                        const std::filesystem::path& file) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) damaged(file, "tensor " + std::string(name) + " is missing");
  return found->second;
}

template <class T>
std::span<const T> Safetensors::Impl::values(std::string_view name, DType dtype,
                                             const std::filesystem::path& file) const {
  const Tensor& tensor = get(name, file);
  if (tensor.type->ours != dtype) {
    damaged(file, "tensor " + std::string(name) + " has dtype " + std::string(tensor.type->name) + "; " +
                      std::string(row_of(dtype).name) + " is needed");
  }
  return {reinterpret_cast<const T*>(tensor.data), (tensor.end - tensor.begin) / sizeof(T)};
}

Safetensors::Safetensors(std::unique_ptr<Impl> impl, std::filesystem::path file)
    : impl_(std::move(impl)), file_(std::move(file)) {}
Safetensors::~Safetensors() = default;

std::shared_ptr<const Safetensors> Safetensors::open(const std::filesystem::path& file) {
  auto impl = std::make_unique<Impl>();
  impl->map(file);
  impl->parse(file);
  return std::shared_ptr<const Safetensors>(new Safetensors(std::move(impl), file));
}

bool Safetensors::has(std::string_view name) const {
  return impl_->tensors.contains(name);
}

std::vector<std::string> Safetensors::names() const {
  std::vector<std::string> names;
  for (const auto& entry : impl_->tensors) names.push_back(entry.first);
  return names;
}

const std::vector<std::size_t>& Safetensors::shape(std::string_view name) const {
  return impl_->get(name, file_).shape;
}

std::optional<DType> Safetensors::dtype(std::string_view name) const {
  return impl_->get(name, file_).type->ours;
}
std::string Safetensors::dtype_name(std::string_view name) const {
  return std::string(impl_->get(name, file_).type->name);
}

std::span<const float> Safetensors::f32(std::string_view name) const {
  return impl_->values<float>(name, DType::kF32, file_);
}
std::span<const Half> Safetensors::f16(std::string_view name) const {
  return impl_->values<Half>(name, DType::kF16, file_);
}
std::span<const std::int8_t> Safetensors::i8(std::string_view name) const {
  return impl_->values<std::int8_t>(name, DType::kI8, file_);
}
std::span<const std::int32_t> Safetensors::i32(std::string_view name) const {
  return impl_->values<std::int32_t>(name, DType::kI32, file_);
}
std::span<const std::int64_t> Safetensors::i64(std::string_view name) const {
  return impl_->values<std::int64_t>(name, DType::kI64, file_);
}
std::span<const std::uint8_t> Safetensors::u8(std::string_view name) const {
  return impl_->values<std::uint8_t>(name, DType::kU8, file_);
}

kernels::ConstMatrix Safetensors::matrix(std::string_view name, std::size_t cols) const {
  const std::span<const float> values = f32(name);
  const std::vector<std::size_t>& extents = shape(name);
  if (extents.size() != 2 || (cols != 0 && extents[1] != cols)) {
    damaged(file_, "tensor " + std::string(name) + " has shape " + to_string(extents) + "; [rows, " +
                       (cols == 0 ? "columns" : std::to_string(cols)) + "] is needed");
  }
  require_finite(values, name, file_);
  return {values.data(), extents[0], extents[1]};
}

std::span<const float> Safetensors::vector(std::string_view name, std::size_t length) const {
  const std::span<const float> values = f32(name);
  if (shape(name) != std::vector<std::size_t>{length}) {
    damaged(file_, "tensor " + std::string(name) + " has shape " + to_string(shape(name)) + "; [" +
                       std::to_string(length) + "] is needed");
  }
  require_finite(values, name, file_);
  return values;
}

std::string Safetensors::metadata(std::string_view key) const {
  const auto found = impl_->metadata.find(key);
  return found == impl_->metadata.end() ? std::string() : found->second;
}

bool are_offsets(std::span<const std::int64_t> offsets, std::size_t lists, std::size_t flat) {
  return offsets.size() == lists + 1 && offsets.front() == 0 &&
         offsets.back() == static_cast<std::int64_t>(flat) && std::is_sorted(offsets.begin(), offsets.end());
}

}  // namespace segue::index
