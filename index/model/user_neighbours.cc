#include "index/model/user_neighbours.h"

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "index/model/distinct_sequences.h"
#include "index/model/history_decay.h"
#include "index/model/metadata.h"
#include "index/model/sparse_scores.h"

namespace segue::index {
namespace {

bool in_range(const UserNeighbourOptions& options) {
  const auto at_least_0 = [](double value) { return std::isfinite(value) && value >= 0; };
  return options.max_items > 0 && options.history > 0 && options.voters > 0 && options.max_sequences > 0 &&
         at_least_0(options.weight_exponent) && at_least_0(options.idf_exponent) && options.asymmetry >= 0 &&
         options.asymmetry <= 1 && at_least_0(options.shrink) && at_least_0(options.decay_rate);
}

}  // namespace

UserNeighbours::UserNeighbours(UserNeighbourOptions options, const Catalogue& catalogue, SequenceIndex index)
    : options_(options),
      catalogue_(&catalogue),
      sizes_(GroupSizes::of(catalogue)),
      index_(std::move(index)) {}

std::unique_ptr<UserNeighbours> UserNeighbours::train(const TrainingData& data,
                                                      const UserNeighbourOptions& options,
                                                      const Catalogue& catalogue) {
  if (!in_range(options)) throw std::invalid_argument("a constant of the user neighbours is out of range");
  if (data.item_count != catalogue.size())
    throw std::invalid_argument("data and catalogue differ in their items");
  DistinctSequences votes = distinct_sequences(data, options.max_items);
  for (float& weight : votes.weights)
    weight = static_cast<float>(std::pow(static_cast<double>(weight), options.weight_exponent));
  const std::vector<float> idf = idf_of(votes.sequences(), votes.items, data.item_count);

  // The same sequences as vectors to compare with: idf in, length out.
  DistinctSequences vectors = votes;
  for (std::size_t s = 0; s < vectors.sequences(); ++s) {
    const auto begin = static_cast<std::size_t>(vectors.offsets[s]);
    const auto end = static_cast<std::size_t>(vectors.offsets[s + 1]);
    double squares = 0;
    for (std::size_t p = begin; p < end; ++p) {
      const double rare = idf[static_cast<std::size_t>(vectors.items[p])];
      vectors.weights[p] *= static_cast<float>(std::pow(rare, options.idf_exponent));
      squares += static_cast<double>(vectors.weights[p]) * vectors.weights[p];
    }
    const double norm = std::pow(squares, options.asymmetry);
    for (std::size_t p = begin; p < end; ++p) {
      vectors.weights[p] = static_cast<float>(vectors.weights[p] / norm);
    }
  }
  ItemSequences by_item = sequences_by_item(vectors, data.item_count, options.max_sequences);
  return std::unique_ptr<UserNeighbours>(
      new UserNeighbours(options, catalogue, SequenceIndex(std::move(votes), std::move(by_item))));
}

std::unique_ptr<UserNeighbours> UserNeighbours::open(const std::filesystem::path& file,
                                                     const Catalogue& catalogue) {
  const auto tensors = Safetensors::open(file);
  UserNeighbourOptions options;
  options.max_items = count_metadata(*tensors, "max_items");
  options.weight_exponent = number_metadata(*tensors, "weight_exponent");
  options.idf_exponent = number_metadata(*tensors, "idf_exponent");
  options.asymmetry = number_metadata(*tensors, "asymmetry");
  options.shrink = number_metadata(*tensors, "shrink");
  options.history = count_metadata(*tensors, "history");
  options.decay_rate = number_metadata(*tensors, "decay_rate");
  options.voters = count_metadata(*tensors, "voters");
  options.max_sequences = count_metadata(*tensors, "max_sequences");
  if (!in_range(options)) refuse(*tensors, "a constant in the metadata is out of range");
  return std::unique_ptr<UserNeighbours>(
      new UserNeighbours(options, catalogue, SequenceIndex(tensors, catalogue.size())));
}

void UserNeighbours::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  index_.add_to(writer);
  writer.metadata("max_items", std::to_string(options_.max_items));
  writer.metadata("weight_exponent", number_text(options_.weight_exponent));
  writer.metadata("idf_exponent", number_text(options_.idf_exponent));
  writer.metadata("asymmetry", number_text(options_.asymmetry));
  writer.metadata("shrink", number_text(options_.shrink));
  writer.metadata("history", std::to_string(options_.history));
  writer.metadata("decay_rate", number_text(options_.decay_rate));
  writer.metadata("voters", std::to_string(options_.voters));
  writer.metadata("max_sequences", std::to_string(options_.max_sequences));
  writer.write(file);
}

std::unique_ptr<EncodedSession> UserNeighbours::encode(const SessionView& view) const {
  WeightedItems session;
  session.items = newest_distinct(view.items, options_.history, [&](ItemId item) { return knows(item); });
  if (session.items.empty()) return nullptr;
  double squares = 0;
  for (std::size_t k = 0; k < session.items.size(); ++k) {
    const double decay =
        history_decay(HistoryDecay::kPower, options_.decay_rate, k + 1, session.items.size());
    session.weights.push_back(decay * std::pow(index_.idf(session.items[k]), options_.idf_exponent));
    squares += session.weights.back() * session.weights.back();
  }
  for (double& weight : session.weights) weight /= std::sqrt(squares);

  // Each item has at most max_sequences, so that all that were found are compared.
  auto voters = find_voters(index_, session, {index_.sequences(), options_.voters, options_.shrink});
  SparseScores scores;
  for (const Voter& voter : voters) {
    const auto held = index_.items_of(voter.sequence);
    for (std::size_t place = 0; place < held.size(); ++place) {
      scores.add(static_cast<ItemId>(held[place]), voter.similarity * vote(voter, place));
    }
  }
  return std::make_unique<VotingSession<UserNeighbours>>(*catalogue_, sizes_, *this, std::move(session),
                                                         std::move(voters), std::move(scores));
}

}  // namespace segue::index
