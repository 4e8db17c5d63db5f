#include "index/input/split.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "index/input/jsonl_writer.h"
#include "index/input/text_hash.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::size_t kEventsBetweenChecks = 16384;

/// Where an event goes; several may hold.
enum Destination : std::uint8_t { kTrain = 1, kTest = 2, kTarget = 4 };

class Splitter {
 public:
  Splitter(const SplitFiles& files, const SplitOptions& options, Progress* progress)
      : files_(files), options_(options), progress_(progress) {
    const bool by_share = options.protocol == SplitProtocol::kColdItems ||
                          options.protocol == SplitProtocol::kRating ||
                          (options.protocol == SplitProtocol::kTime && !options.moment);
    if (by_share && !(options.share > 0 && options.share < 1)) {
      throw Error(ErrorKind::kUsage, "the share must lie between 0 and 1", "--share",
                  "for example --share .1");
    }
  }

  SplitReport run() {
    read();
    SequenceBuilder::Result grouped = std::move(builder_).finish();
    report_.sequences = grouped.sequences.size();
    destinations_.assign(items_.size(), 0);
    if (options_.protocol == SplitProtocol::kTime) choose_moment();
    if (options_.protocol == SplitProtocol::kColdItems) hide_items();
    if (options_.protocol == SplitProtocol::kRating) hidden_ = drawn_share(pairs_);
    for (const Sequence& sequence : grouped.sequences) {
      const auto rows = std::span(grouped.rows).subspan(sequence.begin, sequence.end - sequence.begin);
      if (options_.protocol == SplitProtocol::kRating) {
        assign_ratings(rows);
      } else {
        assign(rows);
      }
    }
    write();
    return std::move(report_);
  }

 private:
  void read() {
    EventsReader reader(files_.events, {.skip_invalid = options_.skip_invalid});
    Event event;
    while (reader.next(event)) {
      tell(reader);
      if (options_.protocol == SplitProtocol::kTime) {
        if (!event.time) {
          throw Error(ErrorKind::kBadInput, "the event has no \"time\"", reader.where(),
                      "a split by time needs one on every event");
        }
        times_.push_back(*event.time);
      }
      items_.push_back(names_.add(event.item));
      weighs_.push_back(event_weight(event, options_.weights) > 0);
      if (options_.protocol == SplitProtocol::kRating) {
        const bool rated = event.rating && !event.item.empty();
        const std::string& owner = event.user.empty() ? event.session : event.user;
        pair_of_.push_back(rated ? pairs_.add(owner + '\0' + event.item) : NameTable::kNone);
      }
      builder_.add(event);
    }
    report_.input = reader.report();
    if (options_.protocol == SplitProtocol::kRating && pairs_.size() == 0) {
      throw Error(ErrorKind::kBadInput, "no event on an item has a \"rating\"", files_.events.string(),
                  "the protocol rating hides ratings; split by leave-one-out or time");
    }
  }

  void tell(const EventsReader& reader) const {
    if (progress_ == nullptr || reader.report().events % kEventsBetweenChecks != 0) return;
    progress_->check();
    progress_->update(static_cast<double>(reader.consumed()), static_cast<double>(reader.size()));
  }

  void choose_moment() {
    report_.moment = options_.moment;
    if (report_.moment || times_.empty()) return;
    std::vector<double> sorted = times_;
    std::sort(sorted.begin(), sorted.end());
    const auto before = static_cast<std::size_t>((1 - options_.share) * static_cast<double>(sorted.size()));
    report_.moment = sorted[std::min(before, sorted.size() - 1)];
  }

  void hide_items() {
    hidden_ = drawn_share(names_);
    report_.hidden_items = static_cast<std::size_t>(std::count(hidden_.begin(), hidden_.end(), true));
  }

  /// Which names are in a share of them, drawn by seed and names alone.
  std::vector<bool> drawn_share(const NameTable& names) const {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> drawn;
    for (std::uint32_t name = 0; name < names.size(); ++name)
      drawn.emplace_back(text_hash(names[name], options_.seed), name);
    std::sort(drawn.begin(), drawn.end(), [&names](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : names[a.second] < names[b.second];
    });
    const auto count =
        static_cast<std::size_t>(std::lround(options_.share * static_cast<double>(drawn.size())));
    std::vector<bool> chosen(names.size(), false);
    for (std::size_t i = 0; i < count; ++i) chosen[drawn[i].second] = true;
    return chosen;
  }

  bool may_train(std::uint32_t row) const {
    switch (options_.protocol) {
      case SplitProtocol::kTime:
        return times_[row] < *report_.moment;
      case SplitProtocol::kColdItems:
        return items_[row] == NameTable::kNone || !hidden_[items_[row]];
      case SplitProtocol::kLeaveOneOut:
      case SplitProtocol::kRating:
        break;
    }
    return true;
  }

  /// The places in a sequence of the item events that count: those with weight, and no repeats.
  std::vector<std::size_t> item_places(std::span<const std::uint32_t> rows) const {
    std::vector<std::size_t> places;
    std::uint32_t last = NameTable::kNone;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint32_t item = items_[rows[i]];
      if (item == NameTable::kNone || !weighs_[rows[i]] ||
          (options_.drop_consecutive_repeats && item == last))
        continue;
      places.push_back(i);
      last = item;
    }
    return places;
  }

  /// Which of these places are targets.
  std::vector<std::size_t> targets(std::span<const std::uint32_t> rows,
                                   const std::vector<std::size_t>& places) const {
    if (options_.protocol == SplitProtocol::kLeaveOneOut) {
      return places.size() >= 3 ? std::vector<std::size_t>{places.back()} : std::vector<std::size_t>{};
    }
    std::vector<std::size_t> out;
    bool something_known = false;
    for (const std::size_t place : places) {
      const bool hidden = !may_train(rows[place]);
      if (hidden && something_known) out.push_back(place);
      // By time a session that began after the moment still tells what was seen in it.
      something_known = something_known || !hidden || options_.protocol == SplitProtocol::kTime;
    }
    return out;
  }

  void assign(std::span<const std::uint32_t> rows) {
    const std::vector<std::size_t> found = targets(rows, item_places(rows));
    const bool leave_one_out = options_.protocol == SplitProtocol::kLeaveOneOut;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool trains = may_train(rows[i]) && !(leave_one_out && !found.empty() && i >= found.back());
      if (trains) destinations_[rows[i]] |= kTrain;
      if (!found.empty() && i <= found.back()) destinations_[rows[i]] |= kTest;
    }
    for (const std::size_t place : found) destinations_[rows[place]] |= kTarget;
    report_.test_sequences += found.empty() ? 0 : 1;
    report_.targets += found.size();
  }

  void assign_ratings(std::span<const std::uint32_t> rows) {
    const std::size_t before = report_.targets;
    for (const std::uint32_t row : rows) {
      const bool hidden = pair_of_[row] != NameTable::kNone && hidden_[pair_of_[row]];
      destinations_[row] = hidden ? kTest | kTarget : kTrain;
      report_.targets += hidden ? 1 : 0;
    }
    report_.test_sequences += report_.targets > before ? 1 : 0;
  }

  void write() {
    EventsReader reader(files_.events, {.skip_invalid = options_.skip_invalid});
    JsonlWriter train(files_.train);
    JsonlWriter test(files_.test);
    Event event;
    std::size_t row = 0;
    while (reader.next(event)) {
      tell(reader);
      if (row == destinations_.size()) break;
      const std::uint8_t to = destinations_[row++];
      if ((to & kTrain) != 0) train.write_line(line_of(reader, event, false));
      if ((to & kTest) != 0) test.write_line(line_of(reader, event, (to & kTarget) != 0));
      report_.train_events += (to & kTrain) != 0 ? 1 : 0;
      report_.test_events += (to & kTest) != 0 ? 1 : 0;
      report_.left_out += to == 0 ? 1 : 0;
    }
    if (row != destinations_.size() || reader.report().events != row) {
      throw Error(ErrorKind::kBadInput, "changed while it was read", files_.events.string(),
                  "split a file that nobody writes to");
    }
    train.finish();
    test.finish();
  }

  /// The event's line with the mark that it shall have; unknown keys stay where nothing must change.
  static std::string line_of(const EventsReader& reader, Event& event, bool target) {
    std::string line(reader.line());
    if (line.find("\"target\"") != std::string::npos) {
      event.target = target;
      return to_json(event);
    }
    line.resize(line.find_last_not_of(" \t\r") + 1);
    if (target) line.replace(line.size() - 1, 1, ", \"target\": true}");
    return line;
  }

  const SplitFiles& files_;
  const SplitOptions& options_;
  Progress* progress_;
  SplitReport report_;
  SequenceBuilder builder_{options_.sequences};
  NameTable names_;                         // of items
  std::vector<std::uint32_t> items_;        // by row; kNone: a typed text
  std::vector<bool> weighs_;                // by row: whether its weight is above 0
  std::vector<double> times_;               // by row; only for kTime
  NameTable pairs_;                         // of user and item that a rating joins; only for kRating
  std::vector<std::uint32_t> pair_of_;      // by row; kNone: not rated; only for kRating
  std::vector<bool> hidden_;                // by item for kColdItems, by pair for kRating
  std::vector<std::uint8_t> destinations_;  // by row
};

}  // namespace

SplitReport split_events(const SplitFiles& files, const SplitOptions& options, Progress* progress) {
  return Splitter(files, options, progress).run();
}

}  // namespace segue::index
