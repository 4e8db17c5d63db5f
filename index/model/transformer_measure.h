#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/item_set.h"
#include "index/model/matrix_buffer.h"
#include "index/model/training_data.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// NDCG@10 of a Transformer in training on held-out sequences: all items ranked but those of the session
/// itself, unless one is the target. Blocks of sessions against blocks of items by matrix product, so that it
/// costs a small part of an epoch. Thread-compatible; uses the pool. All that it is given must outlive it.
class TransformerMeasure {
 public:
  /// ranked: the items to rank, null: all that the vocabulary has. A target that is not among them counts 0.
  TransformerMeasure(std::span<const HeldOut> held_out, std::span<const ItemId> vocabulary,
                     const ItemSet* ranked, const kernels::Backend& backend, kernels::ThreadPool& pool);

  /// One value for each sequence: 1 / log2(rank + 1) for the first ten, else 0; ties at their mean rank. The
  /// same for any number of threads.
  std::vector<float> ndcg(const TransformerWeights& weights);

 private:
  struct Block;

  void gather_rows(const TransformerWeights& weights);

  std::span<const HeldOut> held_out_;
  const kernels::Backend& backend_;
  kernels::ThreadPool& pool_;
  std::vector<std::uint32_t> rows_;               // of the item table, those that are ranked
  std::vector<std::uint32_t> targets_;            // place in rows_ of each sequence's target, kNowhere
  std::vector<std::vector<std::uint32_t>> seen_;  // places of each prefix but the target's, rising
  MatrixBuffer items_;                            // [ranked, d], of unit length but for kSasrec
};

}  // namespace segue::index
