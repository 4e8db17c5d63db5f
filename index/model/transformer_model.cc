#include "index/model/transformer_model.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "index/model/matrix_buffer.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::size_t kBlockRows = 1024;

}  // namespace

class TransformerModel::Session final : public EncodedSession {
 public:
  Session(const TransformerModel& model, std::span<const float> hidden)
      : model_(model), hidden_(hidden.begin(), hidden.end()) {}

  std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override {
    std::vector<ScoredItem> best = model_.vectors_->search(hidden_, k, allowed);
    for (ScoredItem& item : best) item.score *= scale();
    return best;
  }

  void score(std::span<const ItemId> items, std::span<double> scores) const override {
    model_.vectors_->score(hidden_, items, scores);
    for (double& score : scores) score *= scale();
  }

  ScoreMoments moments(ItemGroup group) const override {
    const GroupMoments& moments = model_.groups_[static_cast<std::size_t>(group)];
    const std::size_t d = hidden_.size();
    double mean = 0;
    double variance = 0;
    for (std::size_t i = 0; i < d; ++i) {
      mean += static_cast<double>(hidden_[i]) * moments.mean[i];
      double row = 0;
      for (std::size_t j = 0; j < d; ++j)
        row += moments.covariance[i * d + j] * static_cast<double>(hidden_[j]);
      variance += static_cast<double>(hidden_[i]) * row;
    }
    return {.mean = scale() * mean, .deviation = scale() * std::sqrt(std::max(0.0, variance))};
  }

 private:
  double scale() const { return 1 / static_cast<double>(model_.weights_.config().temperature); }

  const TransformerModel& model_;
  std::vector<float> hidden_;
};

TransformerModel::TransformerModel(TransformerWeights weights, std::shared_ptr<const VectorIndex> vectors,
                                   const Catalogue& catalogue, const kernels::Backend& backend)
    : weights_(std::move(weights)),
      backend_(backend),
      encoder_(weights_, backend),
      vectors_(std::move(vectors)) {
  const auto vocabulary = weights_.vocabulary();
  if (!vectors_) {
    std::vector<float> table(vocabulary.size() * weights_.config().width);
    const kernels::Matrix items(table.data(), vocabulary.size(), weights_.config().width);
    weights_.copy_items(0, items);
    vectors_ = VectorIndex::build(items, vocabulary, metric_of(weights_.config()));
  }
  const bool fits =
      vectors_->size() == vocabulary.size() && vectors_->dimension() == weights_.config().width &&
      vectors_->metric() == metric_of(weights_.config()) &&
      (vocabulary.empty() || vocabulary.back() < catalogue.size()) &&
      std::all_of(vocabulary.begin(), vocabulary.end(), [&](ItemId i) { return vectors_->contains(i); });
  if (!fits) {
    throw Error(ErrorKind::kDamagedStore,
                "the Transformer's weights, its vectors and the catalogue do not belong together", {},
                "restore the snapshot or run reindex again");
  }
  groups_[static_cast<std::size_t>(ItemGroup::kSearchable)] = moments_over(catalogue.searchable());
  groups_[static_cast<std::size_t>(ItemGroup::kQueries)] = moments_over(catalogue.queries());
}

TransformerModel::~TransformerModel() = default;

Metric TransformerModel::metric_of(const TransformerConfig& config) {
  return config.form == TransformerForm::kSasrec ? Metric::kInnerProduct : Metric::kCosine;
}

std::unique_ptr<EncodedSession> TransformerModel::encode(const SessionView& session) const {
  const std::vector<float> hidden = encoder_.encode(session);
  if (hidden.empty()) return nullptr;
  return encoded(hidden);
}

std::unique_ptr<EncodedSession> TransformerModel::encoded(std::span<const float> hidden) const {
  if (hidden.size() != encoder_.width()) throw std::invalid_argument("an encoded session of another width");
  return std::make_unique<Session>(*this, hidden);
}

TransformerModel::GroupMoments TransformerModel::moments_over(const ItemSet& group) const {
  const std::size_t d = weights_.config().width;
  GroupMoments moments{std::vector<double>(d), std::vector<double>(d * d)};
  const auto n = static_cast<double>(group.count());
  if (n == 0) return moments;

  // Blocks of rows by the fp32 kernel, their sums in fp64: no loss with millions of items.
  MatrixBuffer block, products;
  const auto vocabulary = weights_.vocabulary();
  for (std::size_t next = 0; next < vocabulary.size();) {
    const kernels::Matrix rows = block.reshape(kBlockRows, d);
    std::size_t count = 0;
    for (; next < vocabulary.size() && count < kBlockRows; ++next) {
      if (group.contains(vocabulary[next])) weights_.copy_items(next, rows.rows_at(count++, 1));
    }
    if (count == 0) continue;
    const kernels::Matrix unit = rows.rows_at(0, count);
    if (metric_of(weights_.config()) == Metric::kCosine) backend_.normalize_rows(unit, 1, unit, {});
    backend_.matmul(unit, kernels::Op::kTranspose, unit, kernels::Op::kNone, 1, 0, products.reshape(d, d));
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t c = 0; c < d; ++c) moments.mean[c] += static_cast<double>(unit(r, c));
    }
    for (std::size_t i = 0; i < d * d; ++i) moments.covariance[i] += static_cast<double>(products.flat()[i]);
  }
  for (double& x : moments.mean) x /= n;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      double& entry = moments.covariance[i * d + j];
      entry = entry / n - moments.mean[i] * moments.mean[j];
    }
  }
  return moments;
}

}  // namespace segue::index
