#include "index/model/voting_session.h"

namespace segue::index {

std::vector<Voter> find_voters(const SequenceIndex& index, const WeightedItems& session,
                               const VoterSearch& search) {
  std::size_t kept = 0;
  for (const ItemId item : session.items) kept += index.sequences_of(item).size();
  // By sequence instead of by item: both are rows.
  SparseScores sums(std::min(kept, index.sequences()));
  struct Shared {
    std::uint32_t newest;
    std::uint32_t count;
  };
  std::vector<Shared> shared;  // parallel to the entries of sums
  for (std::size_t i = 0; i < session.items.size(); ++i) {
    const auto sequences = index.sequences_of(session.items[i]);
    const auto weights = index.weights_in(session.items[i]);
    for (std::size_t s = 0; s < sequences.size(); ++s) {
      const std::size_t place =
          sums.add(static_cast<std::uint32_t>(sequences[s]), session.weights[i] * weights[s]);
      if (place == shared.size()) shared.push_back({static_cast<std::uint32_t>(i), 0});
      ++shared[place].count;
    }
  }
  std::vector<Voter> voters;
  voters.reserve(shared.size());
  for (std::size_t v = 0; v < shared.size(); ++v) {
    const ScoredItem& sum = sums.entries()[v];
    const double count = shared[v].count;
    const double factor = count / (count + search.shrink);
    if (sum.score > 0) voters.push_back({sum.item, shared[v].newest, 0, factor, factor * sum.score});
  }
  const auto keep = [&](std::size_t most, const auto& before) {
    if (voters.size() <= most) return;
    std::nth_element(voters.begin(), voters.begin() + static_cast<std::ptrdiff_t>(most), voters.end(),
                     before);
    voters.resize(most);
  };
  keep(search.most_recent, [](const Voter& a, const Voter& b) { return a.sequence < b.sequence; });
  const auto closer = [](const Voter& a, const Voter& b) {
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.sequence < b.sequence);
  };
  keep(search.voters, closer);
  std::sort(voters.begin(), voters.end(), closer);
  for (Voter& voter : voters) {
    const auto items = index.items_of(voter.sequence);
    const auto match = static_cast<std::int32_t>(session.items[voter.newest_shared]);
    voter.match_place =
        static_cast<std::size_t>(std::find(items.begin(), items.end(), match) - items.begin());
  }
  return voters;
}

}  // namespace segue::index
