#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/item.h"
#include "index/stored_matrix.h"
#include "kernels/tensor_view.h"

namespace segue::index {

/// Which computation the weights belong to.
enum class TransformerForm {
  kSegue,   ///< session_encoder.h: positions from the start of the window, cosine scores
  kSasrec,  ///< sasrec_encoder.h: right-aligned, inner products; imported
};
std::string_view to_string(TransformerForm form);  ///< "segue", "sasrec"

/// The shape of a session Transformer (SASRec, arXiv:1808.09781).
struct TransformerConfig {
  std::size_t width = 128;  ///< d, a multiple of heads
  std::size_t layers = 2;
  std::size_t heads = 2;
  std::size_t feed_forward = 128;
  std::size_t window = 50;    ///< the most events that are attended to
  float temperature = 0.07f;  ///< the score of an item is its cosine or inner product divided by this
  TransformerForm form = TransformerForm::kSegue;
  std::vector<std::size_t>
      layer_heads{};         ///< heads that each block has left after pruning; empty: all have `heads`
  std::size_t contexts = 0;  ///< values of context that have embeddings; 0: the model knows none

  /// Throws Error (kUsage) that names the value that does not fit.
  void validate() const;
  std::size_t head_size() const { return width / heads; }
  std::size_t heads_of(std::size_t block) const { return layer_heads.empty() ? heads : layer_heads[block]; }
  /// a: the width of a block's queries, keys and values; d where no head was pruned, 0 where all were.
  std::size_t attention_width(std::size_t block) const { return heads_of(block) * head_size(); }
  friend bool operator==(const TransformerConfig&, const TransformerConfig&) = default;
};

/// Views of one block's parameters. Products are y = x weight^T + bias, as in PyTorch.
template <class T>
struct BasicTransformerBlock {
  std::span<T> norm1_gain, norm1_bias;  // [d]
  kernels::BasicMatrix<T> qkv;          // [3a, d]: rows of q, then k, then v
  std::span<T> qkv_bias;                // [3a]
  kernels::BasicMatrix<T> out;          // [d, a]
  std::span<T> out_bias;                // [d]
  std::span<T> norm2_gain, norm2_bias;  // [d]
  kernels::BasicMatrix<T> up;           // [f, d]
  std::span<T> up_bias;                 // [f]
  kernels::BasicMatrix<T> down;         // [d, f]
  std::span<T> down_bias;               // [d]
};

/// Views of all parameters but the item table: of the weights themselves, or of a gradient of the same
/// layout.
template <class T>
struct BasicTransformerBody {
  kernels::BasicMatrix<T> positions;  // [window, d]
  std::vector<BasicTransformerBlock<T>> blocks;
  std::span<T> final_gain, final_bias;  // [d]
  kernels::BasicMatrix<T> context_in;   // [contexts, d]: added to an event's input
  kernels::BasicMatrix<T> context_out;  // [contexts, d]: added for a request before the final norm
};
using TransformerBody = BasicTransformerBody<float>;
using ConstTransformerBody = BasicTransformerBody<const float>;

/// A parameter of the body: its name in the file and in PyTorch, its shape, and where it begins in the flat
/// body.
struct TransformerTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::size_t offset = 0;
  std::size_t size = 0;
};
std::vector<TransformerTensor> transformer_tensors(const TransformerConfig& config);

/// Number of floats of the body.
std::size_t transformer_body_size(const TransformerConfig& config);
/// Views into a flat body of that size.
TransformerBody transformer_body(const TransformerConfig& config, std::span<float> flat);
ConstTransformerBody transformer_body(const TransformerConfig& config, std::span<const float> flat);

/// All that a session Transformer has learnt: the table of item embeddings and the body. A row of the table
/// belongs to the item that `vocabulary` names at the same place. The table lies in memory, where training
/// changes it, or stays in the mapped file. Thread-compatible; safe to share once it changes no more.
class TransformerWeights {
 public:
  static constexpr std::uint32_t kNoRow = 0xffffffffu;

  /// All zeros, but the gains of the norms, which are 1. vocabulary: rising ItemIds, else
  /// std::invalid_argument.
  TransformerWeights(const TransformerConfig& config, std::vector<ItemId> vocabulary);

  const TransformerConfig& config() const noexcept { return config_; }
  std::span<const ItemId> vocabulary() const noexcept { return vocabulary_; }
  /// The item's row of the table, kNoRow when it has none.
  std::uint32_t row(ItemId item) const;

  /// The table in memory [v, d]; std::logic_error when it stays in a file.
  kernels::Matrix items();
  kernels::ConstMatrix items() const;
  /// Rows begin, begin + 1, ... of the table, wherever it lies, to out [any, d].
  void copy_items(std::size_t begin, kernels::Matrix out) const;
  std::span<float> flat_body() noexcept { return body_; }
  std::span<const float> flat_body() const noexcept { return body_; }
  TransformerBody body() { return transformer_body(config_, flat_body()); }
  ConstTransformerBody body() const { return transformer_body(config_, flat_body()); }

  /// Adds the rows of those of other's items that these weights lack. The widths must be equal. For tables in
  /// memory.
  void add_rows_of(const TransformerWeights& other);
  /// Replaces table and matrices of the body by what storing makes of them, so that what is evaluated is what
  /// will be served. Norms and biases stay as they are.
  void round_to(Storage storage);

  /// Writes one safetensors file: `vocabulary` I32 [v], `item_embedding.weight` [v, d], the tensors of
  /// transformer_tensors(), and the configuration in the metadata. Matrices are stored as `storage` says,
  /// vectors as F32. Throws Error (kResource).
  void save(const std::filesystem::path& file, Storage storage = Storage::kFp32) const;
  /// All of it in memory, as floats. Throws Error (kDamagedStore) that names the file and the tensor: a
  /// missing or surplus name, another shape or type, a value that is not finite, a vocabulary that does not
  /// rise.
  static TransformerWeights load(const std::filesystem::path& file);
  /// The same for serving: the table stays in the file, as it is stored.
  static TransformerWeights open(const std::filesystem::path& file);

 private:
  TransformerConfig config_;
  std::vector<ItemId> vocabulary_;
  std::vector<float> items_;  // empty where the table stays in a file
  std::vector<float> body_;
  std::optional<StoredMatrix> stored_items_;
};

}  // namespace segue::index
