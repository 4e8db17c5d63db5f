#include "index/model/transformer_weights.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::string_view kFormat = "segue-transformer-1";
constexpr std::string_view kItemTable = "item_embedding.weight";
constexpr std::string_view kVocabulary = "vocabulary";

/// Cuts a flat body into tensors, one after another. With base null it only lists them.
template <class T>
class Carver {
 public:
  Carver(T* base, std::vector<TransformerTensor>* list) : base_(base), list_(list) {}

  kernels::BasicMatrix<T> matrix(const std::string& name, std::size_t rows, std::size_t cols) {
    return {take(name, {rows, cols}), rows, cols};
  }
  std::span<T> vector(const std::string& name, std::size_t size) {
    T* data = take(name, {size});
    return data == nullptr ? std::span<T>() : std::span<T>(data, size);
  }

 private:
  T* take(const std::string& name, std::vector<std::size_t> shape) {
    std::size_t size = 1;
    for (const std::size_t n : shape) size *= n;
    T* data = base_ == nullptr ? nullptr : base_ + offset_;
    if (list_ != nullptr) list_->push_back({name, std::move(shape), offset_, size});
    offset_ += size;
    return data;
  }

  T* base_;
  std::vector<TransformerTensor>* list_;
  std::size_t offset_ = 0;
};

/// The one place that knows names, shapes and order.
template <class T>
BasicTransformerBody<T> lay_out(const TransformerConfig& config, T* base,
                                std::vector<TransformerTensor>* list) {
  const std::size_t d = config.width;
  const std::size_t f = config.feed_forward;
  Carver<T> carve(base, list);
  BasicTransformerBody<T> body;
  body.positions = carve.matrix("position_embedding.weight", config.window, d);
  for (std::size_t b = 0; b < config.layers; ++b) {
    const std::string prefix = "blocks." + std::to_string(b) + ".";
    BasicTransformerBlock<T>& block = body.blocks.emplace_back();
    block.norm1_gain = carve.vector(prefix + "norm1.weight", d);
    block.norm1_bias = carve.vector(prefix + "norm1.bias", d);
    const std::size_t a = config.attention_width(b);
    block.qkv = carve.matrix(prefix + "attention.qkv.weight", 3 * a, d);
    block.qkv_bias = carve.vector(prefix + "attention.qkv.bias", 3 * a);
    block.out = carve.matrix(prefix + "attention.out.weight", d, a);
    block.out_bias = carve.vector(prefix + "attention.out.bias", d);
    block.norm2_gain = carve.vector(prefix + "norm2.weight", d);
    block.norm2_bias = carve.vector(prefix + "norm2.bias", d);
    block.up = carve.matrix(prefix + "feed_forward.up.weight", f, d);
    block.up_bias = carve.vector(prefix + "feed_forward.up.bias", f);
    block.down = carve.matrix(prefix + "feed_forward.down.weight", d, f);
    block.down_bias = carve.vector(prefix + "feed_forward.down.bias", d);
  }
  body.final_gain = carve.vector("final_norm.weight", d);
  body.final_bias = carve.vector("final_norm.bias", d);
  if (config.contexts > 0) {
    body.context_in = carve.matrix("context_in.weight", config.contexts, d);
    body.context_out = carve.matrix("context_out.weight", config.contexts, d);
  }
  return body;
}

void check_flat_size(const TransformerConfig& config, std::size_t size) {
  if (size != transformer_body_size(config))
    throw std::invalid_argument("a Transformer body of another size");
}

[[noreturn]] void damaged(const std::filesystem::path& file, const std::string& what) {
  throw Error(ErrorKind::kDamagedStore, what, file.string(), "restore the snapshot or run reindex again");
}

std::size_t read_count(const Safetensors& tensors, std::string_view key) {
  const std::string text = tensors.metadata(key);
  std::size_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  // The cap keeps a damaged number from becoming an allocation.
  if (code != std::errc() || end != text.data() + text.size() || value > 65536) {
    damaged(tensors.file(), "metadata '" + std::string(key) + "' is not a usable number: '" + text + "'");
  }
  return value;
}

/// "2,1": the heads of each block; nothing where none was pruned.
std::vector<std::size_t> read_layer_heads(const Safetensors& tensors) {
  const std::string text = tensors.metadata("layer_heads");
  std::vector<std::size_t> heads;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    const char* const end = text.data() + text.size();
    const auto [next, code] = std::from_chars(at, end, heads.emplace_back());
    if (code != std::errc() || (next != end && (*next != ',' || next + 1 == end)))
      damaged(tensors.file(), "metadata 'layer_heads' is no list of numbers: '" + text + "'");
    at = next == end ? end : next + 1;
  }
  return heads;
}

TransformerConfig read_config(const Safetensors& tensors) {
  const std::string format = tensors.metadata("format");
  if (format != kFormat) {
    damaged(tensors.file(),
            "not the weights of a session Transformer of this version: format '" + format + "'");
  }
  TransformerConfig config;
  config.width = read_count(tensors, "width");
  config.layers = read_count(tensors, "layers");
  config.heads = read_count(tensors, "heads");
  config.feed_forward = read_count(tensors, "feed_forward");
  config.window = read_count(tensors, "window");
  if (tensors.has("context_in.weight")) config.contexts = read_count(tensors, "contexts");
  config.layer_heads = read_layer_heads(tensors);
  const std::string form = tensors.metadata("form");  // absent: weights of before there was another
  if (form == to_string(TransformerForm::kSasrec)) {
    config.form = TransformerForm::kSasrec;
  } else if (!form.empty() && form != to_string(TransformerForm::kSegue)) {
    damaged(tensors.file(), "metadata 'form' names a computation that this version lacks: '" + form + "'");
  }
  const std::string text = tensors.metadata("temperature");
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), config.temperature);
  if (code != std::errc() || end != text.data() + text.size()) {
    damaged(tensors.file(), "metadata 'temperature' is not a number: '" + text + "'");
  }
  try {
    config.validate();
  } catch (const Error& error) {
    damaged(tensors.file(), error.what());
  }
  return config;
}

std::vector<ItemId> read_vocabulary(const Safetensors& tensors) {
  const std::span<const std::int32_t> stored = tensors.i32(kVocabulary);
  if (tensors.shape(kVocabulary).size() != 1) damaged(tensors.file(), "tensor 'vocabulary' is not a vector");
  std::vector<ItemId> vocabulary;
  vocabulary.reserve(stored.size());
  for (const std::int32_t item : stored) {
    if (item < 0 || (!vocabulary.empty() && vocabulary.back() >= static_cast<ItemId>(item))) {
      damaged(tensors.file(),
              "tensor 'vocabulary' does not rise at entry " + std::to_string(vocabulary.size()));
    }
    vocabulary.push_back(static_cast<ItemId>(item));
  }
  return vocabulary;
}

void check_shape(const Safetensors& tensors, std::string_view name, const std::vector<std::size_t>& shape) {
  if (tensors.shape(name) != shape)
    damaged(tensors.file(), "tensor '" + std::string(name) + "' has another shape");
}

void read_vector(const Safetensors& tensors, std::string_view name, std::span<float> values) {
  const std::span<const float> stored = tensors.vector(name, values.size());
  std::copy(stored.begin(), stored.end(), values.begin());
}

kernels::Matrix matrix_of(const TransformerTensor& tensor, std::span<float> flat) {
  return {flat.data() + tensor.offset, tensor.shape[0], tensor.shape[1]};
}

std::size_t tensors_of(const StoredMatrix& matrix) {
  return matrix.storage() == Storage::kInt8 ? 2 : 1;
}

}  // namespace

std::string_view to_string(TransformerForm form) {
  return form == TransformerForm::kSasrec ? "sasrec" : "segue";
}

void TransformerConfig::validate() const {
  const auto require = [](bool holds, std::string_view key, std::string_view rule) {
    if (!holds) throw Error(ErrorKind::kUsage, rule, std::string("transformer.") + std::string(key));
  };
  require(width > 0, "width", "must be positive");
  require(layers > 0, "layers", "must be positive");
  require(heads > 0 && width % heads == 0, "heads", "must divide the width");
  require(layer_heads.empty() ||
              (layer_heads.size() == layers && std::all_of(layer_heads.begin(), layer_heads.end(),
                                                           [&](std::size_t left) { return left <= heads; })),
          "layer_heads", "must name at most `heads` for each block");
  require(feed_forward > 0, "feed_forward", "must be positive");
  require(window > 0, "window", "must be positive");
  require(std::isfinite(temperature) && temperature > 0, "temperature", "must be positive");
}

std::vector<TransformerTensor> transformer_tensors(const TransformerConfig& config) {
  std::vector<TransformerTensor> list;
  lay_out<const float>(config, nullptr, &list);
  return list;
}

std::size_t transformer_body_size(const TransformerConfig& config) {
  const TransformerTensor last = transformer_tensors(config).back();
  return last.offset + last.size;
}

TransformerBody transformer_body(const TransformerConfig& config, std::span<float> flat) {
  check_flat_size(config, flat.size());
  return lay_out<float>(config, flat.data(), nullptr);
}

ConstTransformerBody transformer_body(const TransformerConfig& config, std::span<const float> flat) {
  check_flat_size(config, flat.size());
  return lay_out<const float>(config, flat.data(), nullptr);
}

TransformerWeights::TransformerWeights(const TransformerConfig& config, std::vector<ItemId> vocabulary)
    : config_(config), vocabulary_(std::move(vocabulary)) {
  config_.validate();
  if (std::adjacent_find(vocabulary_.begin(), vocabulary_.end(), std::greater_equal<>()) !=
      vocabulary_.end()) {
    throw std::invalid_argument("the vocabulary of a Transformer must rise");
  }
  items_.resize(vocabulary_.size() * config_.width);
  body_.resize(transformer_body_size(config_));
  const TransformerBody views = body();
  for (const auto& block : views.blocks) {
    std::fill(block.norm1_gain.begin(), block.norm1_gain.end(), 1.0f);
    std::fill(block.norm2_gain.begin(), block.norm2_gain.end(), 1.0f);
  }
  std::fill(views.final_gain.begin(), views.final_gain.end(), 1.0f);
}

std::uint32_t TransformerWeights::row(ItemId item) const {
  const auto found = std::lower_bound(vocabulary_.begin(), vocabulary_.end(), item);
  if (found == vocabulary_.end() || *found != item) return kNoRow;
  return static_cast<std::uint32_t>(found - vocabulary_.begin());
}

kernels::Matrix TransformerWeights::items() {
  if (stored_items_) throw std::logic_error("a Transformer's table that stays in its file does not change");
  return {items_.data(), vocabulary_.size(), config_.width};
}

kernels::ConstMatrix TransformerWeights::items() const {
  if (stored_items_) throw std::logic_error("a Transformer's table that stays in its file has no matrix");
  return {items_.data(), vocabulary_.size(), config_.width};
}

void TransformerWeights::copy_items(std::size_t begin, kernels::Matrix out) const {
  if (stored_items_) {
    stored_items_->copy_rows(begin, out);
    return;
  }
  for (std::size_t r = 0; r < out.rows; ++r)
    std::copy_n(items_.data() + (begin + r) * config_.width, config_.width, out.row(r));
}

void TransformerWeights::add_rows_of(const TransformerWeights& other) {
  if (other.config_.width != config_.width) throw std::invalid_argument("rows of another width");
  std::vector<ItemId> all;
  std::set_union(vocabulary_.begin(), vocabulary_.end(), other.vocabulary_.begin(), other.vocabulary_.end(),
                 std::back_inserter(all));
  std::vector<float> table(all.size() * config_.width);
  for (std::size_t r = 0; r < all.size(); ++r) {
    const kernels::Matrix out(table.data() + r * config_.width, 1, config_.width);
    const std::uint32_t own = row(all[r]);
    own != kNoRow ? copy_items(own, out) : other.copy_items(other.row(all[r]), out);
  }
  vocabulary_ = std::move(all);
  items_ = std::move(table);
  stored_items_.reset();
}

void TransformerWeights::round_to(Storage storage) {
  index::round_to(storage, items());
  for (const TransformerTensor& tensor : transformer_tensors(config_)) {
    if (tensor.shape.size() == 2) index::round_to(storage, matrix_of(tensor, flat_body()));
  }
}

void TransformerWeights::save(const std::filesystem::path& file, Storage storage) const {
  SafetensorsWriter writer;
  writer.metadata("format", kFormat);
  writer.metadata("width", std::to_string(config_.width));
  writer.metadata("layers", std::to_string(config_.layers));
  writer.metadata("heads", std::to_string(config_.heads));
  writer.metadata("feed_forward", std::to_string(config_.feed_forward));
  writer.metadata("window", std::to_string(config_.window));
  writer.metadata("form", to_string(config_.form));
  if (!config_.layer_heads.empty()) {
    std::string heads;
    for (const std::size_t left : config_.layer_heads)
      heads += (heads.empty() ? "" : ",") + std::to_string(left);
    writer.metadata("layer_heads", heads);
  }
  if (config_.contexts > 0) writer.metadata("contexts", std::to_string(config_.contexts));
  char temperature[32];  // to_chars gives the shortest text that reads back as the same float
  const auto end = std::to_chars(std::begin(temperature), std::end(temperature), config_.temperature).ptr;
  writer.metadata("temperature", std::string_view(temperature, end));

  if (!vocabulary_.empty() && vocabulary_.back() > std::numeric_limits<std::int32_t>::max()) {
    throw Error(ErrorKind::kResource, "more items than a safetensors vocabulary of I32 can name",
                file.string());
  }
  const std::vector<std::int32_t> vocabulary(vocabulary_.begin(), vocabulary_.end());
  writer.add(kVocabulary, {vocabulary.size()}, std::span<const std::int32_t>(vocabulary));
  StoredMatrix::of(items(), storage).add_to(writer, kItemTable);
  for (const TransformerTensor& tensor : transformer_tensors(config_)) {
    const std::span<const float> values = flat_body().subspan(tensor.offset, tensor.size);
    if (tensor.shape.size() == 2) {
      StoredMatrix::of({values.data(), tensor.shape[0], tensor.shape[1]}, storage)
          .add_to(writer, tensor.name);
    } else {
      writer.add(tensor.name, tensor.shape, values);
    }
  }
  writer.write(file);
}

TransformerWeights TransformerWeights::open(const std::filesystem::path& file) {
  const std::shared_ptr<const Safetensors> tensors = Safetensors::open(file);
  const TransformerConfig config = read_config(*tensors);
  std::vector<ItemId> vocabulary = read_vocabulary(*tensors);
  const std::vector<TransformerTensor> expected = transformer_tensors(config);
  // Shapes come before the allocation, so that a damaged number cannot ask for all memory.
  check_shape(*tensors, kItemTable, {vocabulary.size(), config.width});
  for (const TransformerTensor& tensor : expected) check_shape(*tensors, tensor.name, tensor.shape);

  TransformerWeights weights(config, {});
  weights.vocabulary_ = std::move(vocabulary);
  weights.stored_items_ = StoredMatrix::open(tensors, kItemTable);
  std::size_t names = 1 + tensors_of(*weights.stored_items_);
  for (const TransformerTensor& tensor : expected) {
    if (tensor.shape.size() == 2) {
      const StoredMatrix matrix = StoredMatrix::open(tensors, tensor.name);
      matrix.copy_rows(0, matrix_of(tensor, weights.flat_body()));
      names += tensors_of(matrix);
    } else {
      read_vector(*tensors, tensor.name, weights.flat_body().subspan(tensor.offset, tensor.size));
      ++names;
    }
  }
  // A name too many means weights of a larger model, which would answer wrongly without a word.
  if (tensors->names().size() != names) damaged(file, "has tensors that a session Transformer lacks");
  return weights;
}

TransformerWeights TransformerWeights::load(const std::filesystem::path& file) {
  TransformerWeights weights = open(file);
  weights.items_.resize(weights.vocabulary_.size() * weights.config_.width);
  weights.copy_items(0, {weights.items_.data(), weights.vocabulary_.size(), weights.config_.width});
  weights.stored_items_.reset();
  return weights;
}

}  // namespace segue::index
