#include "index/model/rating_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/top_items.h"
#include "kernels/error.h"

namespace segue::index {

namespace {

constexpr std::size_t kMomentRows = 1024;

}  // namespace

class RatingModel::Session final : public EncodedSession {
 public:
  Session(const RatingModel& model, std::vector<float> vector) : model_(model), vector_(std::move(vector)) {}

  std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override {
    const auto vocabulary = model_.factorization_.vocabulary();
    const std::vector<float> scores = row_scores();
    TopItems best(k);
    for (std::size_t r = 0; r < vocabulary.size(); ++r) {
      const auto item = static_cast<ItemId>(vocabulary[r]);
      const auto score = static_cast<double>(scores[r]);
      if (score > best.floor() && (allowed == nullptr || allowed->contains(item))) best.offer({item, score});
    }
    return best.take();
  }
  void score(std::span<const ItemId> items, std::span<double> scores) const override {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::uint32_t row = model_.row(items[i]);
      scores[i] = row == kNoRow ? 0 : static_cast<double>(row_score(row));
    }
  }
  void score_all(std::span<double> scores) const override {
    std::fill(scores.begin(), scores.end(), 0.0);
    const auto vocabulary = model_.factorization_.vocabulary();
    const std::vector<float> all = row_scores();
    for (std::size_t r = 0; r < all.size(); ++r)
      scores[static_cast<ItemId>(vocabulary[r])] = static_cast<double>(all[r]);
  }
  ScoreMoments moments(ItemGroup group) const override {
    const GroupMoments& of = model_.groups_[static_cast<std::size_t>(group)];
    std::vector<double> v(vector_.begin(), vector_.end());
    v.push_back(1);
    double mean = 0;
    double square = 0;
    for (std::size_t f = 0; f < v.size(); ++f) {
      mean += v[f] * of.mean[f];
      double row = 0;
      for (std::size_t g = 0; g < v.size(); ++g) row += of.products[f * v.size() + g] * v[g];
      square += v[f] * row;
    }
    return {mean, std::sqrt(std::max(0.0, square - mean * mean))};
  }

 private:
  // One function scores, so that an item has one score wherever it is asked for.
  float row_score(std::size_t row) const {
    return model_.factorization_.item_bias()[row] +
           rating_dot(model_.factorization_.item_factors().row_span(row), vector_);
  }
  std::vector<float> row_scores() const {
    std::vector<float> scores(model_.factorization_.vocabulary().size());
    for (std::size_t r = 0; r < scores.size(); ++r) scores[r] = row_score(r);
    return scores;
  }

  const RatingModel& model_;
  std::vector<float> vector_;
};

RatingModel::RatingModel(RatingFactorization factorization, const Catalogue& catalogue,
                         const kernels::Backend& backend)
    : factorization_(std::move(factorization)), backend_(&backend), rows_(catalogue.size(), kNoRow) {
  const auto vocabulary = factorization_.vocabulary();
  for (std::size_t r = 0; r < vocabulary.size(); ++r) {
    if (static_cast<std::size_t>(vocabulary[r]) >= catalogue.size()) {
      throw Error(ErrorKind::kDamagedStore, "the factorisation of ratings belongs to another catalogue", {},
                  "publish the snapshot again or roll back");
    }
    rows_[static_cast<ItemId>(vocabulary[r])] = static_cast<std::uint32_t>(r);
  }
  groups_[static_cast<std::size_t>(ItemGroup::kSearchable)] = moments_over(catalogue.searchable());
  groups_[static_cast<std::size_t>(ItemGroup::kQueries)] = moments_over(catalogue.queries());
}

RatingModel::~RatingModel() = default;

RatingModel::GroupMoments RatingModel::moments_over(const ItemSet& group) const {
  const std::size_t f = factorization_.factors();
  const std::size_t n = f + 1;
  GroupMoments moments{std::vector<double>(n), std::vector<double>(n * n)};
  const double items = static_cast<double>(std::max<std::size_t>(1, group.count()));
  const auto vocabulary = factorization_.vocabulary();
  // Products of a chunk are summed by the backend in floats, the chunks in doubles.
  std::vector<float> chunk;
  std::vector<float> products(n * n);
  for (std::size_t first = 0; first < vocabulary.size(); first += kMomentRows) {
    chunk.clear();
    for (std::size_t r = first; r < std::min(vocabulary.size(), first + kMomentRows); ++r) {
      if (!group.contains(static_cast<ItemId>(vocabulary[r]))) continue;
      const auto q = factorization_.item_factors().row_span(r);
      chunk.insert(chunk.end(), q.begin(), q.end());
      chunk.push_back(factorization_.item_bias()[r]);
    }
    if (chunk.empty()) continue;
    const kernels::ConstMatrix rows(chunk.data(), chunk.size() / n, n);
    for (std::size_t r = 0; r < rows.rows; ++r) {
      for (std::size_t k = 0; k < n; ++k) moments.mean[k] += static_cast<double>(rows(r, k)) / items;
    }
    backend_->matmul(rows, kernels::Op::kTranspose, rows, kernels::Op::kNone, 1, 0, {products.data(), n, n});
    for (std::size_t p = 0; p < products.size(); ++p)
      moments.products[p] += static_cast<double>(products[p]) / items;
  }
  return moments;
}

std::vector<float> RatingModel::fold_in(std::span<const ItemId> items) const {
  std::vector<std::uint32_t> known;
  for (const ItemId item : items) {
    if (row(item) != kNoRow) known.push_back(row(item));
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  if (known.empty()) return {};

  const std::size_t f = factorization_.factors();
  const auto n = static_cast<float>(known.size());
  std::vector<float> v(f);
  if (factorization_.method() == RatingMethod::kSvdpp) {
    for (const std::uint32_t r : known) {
      const auto y = factorization_.implicit_factors().row_span(r);
      for (std::size_t k = 0; k < f; ++k) v[k] += y[k];
    }
    for (float& x : v) x /= std::sqrt(n);
    return v;
  }
  // (sum of q q^T + deviation n ridge I) v = deviation sum of q: the ridge is for standardised ratings. The
  // kernel with confidences 1 and no Gram matrix has 2 sum of q on the right.
  const std::vector<float> nothing(f * f);
  const std::vector<float> ones(known.size(), 1.0f);
  const auto deviation = static_cast<float>(factorization_.deviation());
  backend_->als_solve({nothing.data(), f, f}, factorization_.item_factors(), known, ones,
                      deviation * n * static_cast<float>(factorization_.ridge()), v);
  for (float& x : v) x *= deviation / 2;
  return v;
}

std::unique_ptr<EncodedSession> RatingModel::encode(const SessionView& session) const {
  auto vector = fold_in(session.items);
  return vector.empty() ? nullptr : std::make_unique<Session>(*this, std::move(vector));
}

}  // namespace segue::index
