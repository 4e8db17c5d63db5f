#include "index/model/mf_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "index/model/sparse_scores.h"
#include "index/top_items.h"
#include "kernels/error.h"

namespace segue::index {

namespace {

constexpr std::size_t kMomentRows = 1024;
constexpr std::string_view kMend = "publish the snapshot again or roll back";

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

}  // namespace

class MfModel::Session final : public EncodedSession {
 public:
  Session(const MfModel& model, std::span<const ItemId> items, std::vector<float> user)
      : model_(model), items_(items.begin(), items.end()), user_(std::move(user)) {}

  std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override {
    auto best = model_.vectors_->search(user_, k, allowed);
    // Scored as score() does, so that one item has one score wherever it is asked for.
    for (ScoredItem& hit : best) hit.score = score_of(hit.item);
    keep_best(best, k);
    return best;
  }
  void score(std::span<const ItemId> items, std::span<double> scores) const override {
    for (std::size_t i = 0; i < items.size(); ++i) scores[i] = score_of(items[i]);
  }
  void score_all(std::span<double> scores) const override {
    const auto factors = model_.factorization_.item_factors();
    std::vector<float> products(factors.rows);
    model_.backend_->matvec(factors, user_, products);
    std::fill(scores.begin(), scores.end(), 0.0);
    const auto vocabulary = model_.factorization_.vocabulary();
    for (std::size_t r = 0; r < vocabulary.size(); ++r)
      scores[static_cast<ItemId>(vocabulary[r])] = products[r];
  }
  ScoreMoments moments(ItemGroup group) const override {
    const GroupMoments& of = model_.groups_[static_cast<std::size_t>(group)];
    double mean = 0;
    double square = 0;
    for (std::size_t f = 0; f < user_.size(); ++f) {
      const double uf = user_[f];
      mean += uf * of.mean[f];
      double row = 0;
      for (std::size_t g = 0; g < user_.size(); ++g) {
        row += of.products[f * user_.size() + g] * static_cast<double>(user_[g]);
      }
      square += uf * row;
    }
    return {mean, std::sqrt(std::max(0.0, square - mean * mean))};
  }
  std::vector<ScoredItem> because(ItemId item, std::size_t k) const override {
    const std::vector<double> shares = model_.contributions(items_, item);
    SparseScores sums(items_.size());
    for (std::size_t e = 0; e < items_.size(); ++e) {
      if (shares[e] != 0) sums.add(items_[e], shares[e]);
    }
    std::vector<ScoredItem> best = sums.entries();
    keep_best(best, k);
    return best;
  }

 private:
  double score_of(ItemId item) const {
    const std::uint32_t row = model_.row(item);
    return row == kNoRow ? 0 : dot(model_.factorization_.item_factors().row_span(row), user_);
  }

  const MfModel& model_;
  std::vector<ItemId> items_;  // of the session
  std::vector<float> user_;
};

MfModel::MfModel(MatrixFactorization factorization, std::shared_ptr<const VectorIndex> vectors,
                 const Catalogue& catalogue, const kernels::Backend& backend)
    : factorization_(std::move(factorization)),
      vectors_(std::move(vectors)),
      backend_(&backend),
      rows_(catalogue.size(), kNoRow),
      gram_(factorization_.options().factors * factorization_.options().factors) {
  const auto vocabulary = factorization_.vocabulary();
  const auto factors = factorization_.item_factors();
  std::vector<ItemId> items;
  for (const std::int32_t item : vocabulary) {
    if (static_cast<std::size_t>(item) >= catalogue.size()) {
      throw Error(ErrorKind::kDamagedStore, "the factorisation belongs to another catalogue", {}, kMend);
    }
    rows_[static_cast<ItemId>(item)] = static_cast<std::uint32_t>(items.size());
    items.push_back(static_cast<ItemId>(item));
  }
  if (!vectors_) vectors_ = VectorIndex::build(factors, items, Metric::kInnerProduct, "Flat");
  if (vectors_->size() != items.size() || (!items.empty() && vectors_->dimension() != factors.cols)) {
    throw Error(ErrorKind::kDamagedStore, "the vector index belongs to another factorisation", {}, kMend);
  }
  if (!items.empty()) {
    backend.matmul(factors, kernels::Op::kTranspose, factors, kernels::Op::kNone, 1, 0,
                   {gram_.data(), factors.cols, factors.cols});
  }
  groups_[static_cast<std::size_t>(ItemGroup::kSearchable)] = moments_over(catalogue.searchable());
  groups_[static_cast<std::size_t>(ItemGroup::kQueries)] = moments_over(catalogue.queries());
}

MfModel::~MfModel() = default;

MfModel::GroupMoments MfModel::moments_over(const ItemSet& group) const {
  const auto factors = factorization_.item_factors();
  const auto vocabulary = factorization_.vocabulary();
  const std::size_t d = factorization_.options().factors;
  GroupMoments moments{std::vector<double>(d), std::vector<double>(d * d)};
  const double n = static_cast<double>(std::max<std::size_t>(1, group.count()));
  // Products of a chunk are summed by the backend in floats, the chunks in doubles.
  std::vector<float> chunk;
  std::vector<float> products(d * d);
  for (std::size_t first = 0; first < vocabulary.size(); first += kMomentRows) {
    chunk.clear();
    for (std::size_t r = first; r < std::min(vocabulary.size(), first + kMomentRows); ++r) {
      if (!group.contains(static_cast<ItemId>(vocabulary[r]))) continue;
      const auto y = factors.row_span(r);
      chunk.insert(chunk.end(), y.begin(), y.end());
      for (std::size_t f = 0; f < d; ++f) moments.mean[f] += static_cast<double>(y[f]) / n;
    }
    if (chunk.empty()) continue;
    const kernels::ConstMatrix rows(chunk.data(), chunk.size() / d, d);
    backend_->matmul(rows, kernels::Op::kTranspose, rows, kernels::Op::kNone, 1, 0, {products.data(), d, d});
    for (std::size_t p = 0; p < products.size(); ++p)
      moments.products[p] += static_cast<double>(products[p]) / n;
  }
  return moments;
}

MfModel::FoldedSession MfModel::row_of(std::span<const ItemId> items) const {
  FoldedSession session;
  session.event_weights.resize(items.size());
  SparseScores sums(items.size());
  double k = 0;
  for (std::size_t i = items.size(); i-- > 0;) {
    const std::uint32_t r = row(items[i]);
    if (r == kNoRow) continue;
    session.event_weights[i] = std::pow(++k, -factorization_.options().recency);
    sums.add(r, session.event_weights[i]);
  }
  for (const ScoredItem& sum : sums.entries()) {
    session.rows.push_back(sum.item);
    session.weights.push_back(static_cast<float>(sum.score));
  }
  return session;
}

std::vector<float> MfModel::fold_in(std::span<const ItemId> items) const {
  const MfOptions& options = factorization_.options();
  FoldedSession session = row_of(items);
  if (session.rows.empty()) return {};
  std::vector<float> user(options.factors);
  const kernels::ConstMatrix gram(gram_.data(), options.factors, options.factors);
  solve_row(options, *backend_, {gram, factorization_.item_factors()}, session.rows, session.weights, user);
  return user;
}

std::vector<double> MfModel::contributions(std::span<const ItemId> items, ItemId item) const {
  std::vector<double> shares(items.size());
  const FoldedSession session = row_of(items);
  const std::uint32_t wanted = row(item);
  if (session.rows.empty() || wanted == kNoRow) return shares;

  const MfOptions& options = factorization_.options();
  const auto factors = factorization_.item_factors();
  const std::size_t d = factors.cols;
  const double per_weight = options.confidence / options.unobserved_weight;
  std::vector<float> rows;
  std::vector<float> weighted;
  for (std::size_t i = 0; i < session.rows.size(); ++i) {
    const auto confidence = static_cast<float>(per_weight * static_cast<double>(session.weights[i]));
    for (const float y : factors.row_span(session.rows[i])) {
      rows.push_back(y);
      weighted.push_back(confidence * y);
    }
  }
  // A without its ridge; als_solve then has the wanted item alone on the right side.
  std::vector<float> matrix = gram_;
  backend_->matmul({weighted.data(), session.rows.size(), d}, kernels::Op::kTranspose,
                   {rows.data(), session.rows.size(), d}, kernels::Op::kNone, 1, 1, {matrix.data(), d, d});
  const std::uint32_t only[] = {wanted};
  const float no_confidence[] = {0};
  std::vector<float> solved(d);
  backend_->als_solve({matrix.data(), d, d}, factors, only, no_confidence,
                      static_cast<float>(ridge_of(options, session.rows.size(), factors.rows)), solved);

  SparseScores sums(session.rows.size());
  for (std::size_t i = 0; i < session.rows.size(); ++i)
    sums.add(session.rows[i], static_cast<double>(session.weights[i]));
  for (std::size_t e = 0; e < items.size(); ++e) {
    const double weight = session.event_weights[e];
    if (weight == 0) continue;
    const std::uint32_t r = row(items[e]);
    shares[e] = (weight / sums[r] + per_weight * weight) * dot(factors.row_span(r), solved);
  }
  return shares;
}

std::unique_ptr<EncodedSession> MfModel::encode(const SessionView& session) const {
  auto user = fold_in(session.items);
  return user.empty() ? nullptr : std::make_unique<Session>(*this, session.items, std::move(user));
}

}  // namespace segue::index
