#include "index/input/csv_import.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "index/input/csv_items.h"
#include "index/input/item_id.h"
#include "index/input/jsonl_writer.h"
#include "index/input/text_hash.h"
#include "index/input/time.h"
#include "index/input/title_text.h"
#include "index/nearest_name.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::size_t kRowsBetweenChecks = 4096;
constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);

/// Where the columns of a configuration stand in a table.
class Header {
 public:
  Header(std::vector<std::string> names, std::string where)
      : names_(std::move(names)), where_(std::move(where)) {
    for (std::string& name : names_) name = trim(std::string(name));
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (std::find(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(i), names_[i]) !=
          names_.begin() + static_cast<std::ptrdiff_t>(i)) {
        throw Error(ErrorKind::kBadInput, "two columns have the name \"" + names_[i] + "\"", where_,
                    "rename one");
      }
    }
  }

  std::size_t size() const { return names_.size(); }

  /// kNoColumn for the empty name.
  std::size_t find(const std::string& name) const {
    if (name.empty()) return kNoColumn;
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    const std::vector<std::string_view> known(names_.begin(), names_.end());
    const std::string nearest = nearest_name(name, known);
    throw Error(ErrorKind::kBadInput, "there is no column \"" + name + "\"", where_,
                nearest.empty() ? "the first row of the table names its columns; is the delimiter right?"
                                : "did you mean \"" + nearest + "\"?");
  }

 private:
  std::vector<std::string> names_;
  std::string where_;
};

/// A configuration's columns by number.
struct Places {
  Places(const CsvImportConfig& config, const Header& header)
      : item(header.find(config.columns.item)),
        query(header.find(config.columns.query)),
        title(header.find(config.columns.title)),
        text(header.find(config.columns.text)),
        kind(header.find(config.columns.kind)),
        user(header.find(config.columns.user)),
        session(header.find(config.columns.session)),
        time(header.find(config.columns.time)),
        action(header.find(config.columns.action)),
        rating(header.find(config.columns.rating)) {
    for (const auto& [name, attribute] : config.attributes)
      attributes.push_back(header.find(attribute.column));
    for (const auto& [name, column] : config.context) context.emplace_back(name, header.find(column));
    for (const MendRule& rule : config.mend) mend.push_back(header.find(rule.column));
    for (const DropRule& rule : config.drop) drop.push_back(header.find(rule.column));
    const bool all = config.duplicates == std::vector<std::string>{"*"};
    for (std::size_t i = 0; all && i < header.size(); ++i) duplicates.push_back(i);
    for (const std::string& column : config.duplicates) {
      if (!all) duplicates.push_back(header.find(column));
    }
  }

  std::size_t item, query, title, text, kind, user, session, time, action, rating;
  std::vector<std::size_t> attributes, mend, drop, duplicates;
  std::vector<std::pair<std::string, std::size_t>> context;
};

struct RowHash {
  std::uint64_t low;
  std::uint64_t high;
  bool operator==(const RowHash&) const = default;
  struct Low {
    std::size_t operator()(const RowHash& hash) const { return hash.low; }
  };
};

class Importer {
 public:
  Importer(const CsvImportFiles& files, const CsvImportConfig& config, bool skip_invalid, Progress* progress)
      : files_(files),
        config_(config),
        skip_invalid_(skip_invalid),
        progress_(progress),
        reader_(files.input, config.csv),
        items_(config) {
    if (!reader_.next(fields_)) {
      throw Error(ErrorKind::kBadInput, "is empty", files.input.string(),
                  "the first row must name the columns");
    }
    header_.emplace(fields_, reader_.where());
    places_.emplace(config, *header_);
    for (const DropRule& rule : config.drop) report_.dropped.push_back({rule.name, 0});
    for (const MendRule& rule : config.mend) report_.mended.push_back({rule.name, 0});
    report_.dropped.push_back({"no item and no query", 0});
    report_.dropped.push_back({"no user and no session", 0});
    if (!files.events.empty()) events_.emplace(files.events);
  }

  CsvImportReport run() {
    while (next_row()) {
      if (report_.rows % kRowsBetweenChecks == 0 && progress_ != nullptr) {
        progress_->check();
        progress_->update(static_cast<double>(reader_.lines().consumed()),
                          static_cast<double>(reader_.lines().size()));
      }
    }
    CsvItems::Counts counts;
    const std::vector<Item> items = items_.finish(counts);
    report_.items = items.size();
    report_.untitled = counts.untitled;
    report_.retitled = counts.retitled;
    report_.unreadable_values = counts.unreadable_values;
    report_.users = users_.size();
    report_.sessions = sessions_.size();
    std::optional<JsonlWriter> out;
    if (!files_.items.empty()) out.emplace(files_.items);
    for (const Item& item : items) {
      if (out) out->write(item);
    }
    if (out) out->finish();
    if (events_) events_->finish();
    return std::move(report_);
  }

 private:
  /// False at the end of the table.
  bool next_row() {
    try {
      if (!reader_.next(fields_)) return false;
      row();
    } catch (const Error& error) {
      if (!skip_invalid_ || error.kind() != ErrorKind::kBadInput) throw;
      count_invalid(error.what());
    }
    return true;
  }

  void count_invalid(const char* what) {
    ++report_.rows;
    ++report_.invalid;
    if (report_.examples.size() < CsvImportReport::kExamples) report_.examples.emplace_back(what);
  }

  std::string_view field(std::size_t place) const {
    return place == kNoColumn ? std::string_view() : std::string_view(fields_[place]);
  }

  void row() {
    if (fields_.size() != header_->size()) {
      fail("the row has " + std::to_string(fields_.size()) + " fields, the first row has " +
               std::to_string(header_->size()),
           "quote fields that hold the delimiter");
    }
    for (std::string& text : fields_) text = trim(std::string(text));
    for (std::size_t i = 0; i < config_.mend.size(); ++i) {
      report_.mended[i].rows += config_.mend[i].apply(fields_[places_->mend[i]]) ? 1 : 0;
    }
    if (!dropped()) keep();
    ++report_.rows;
  }

  bool dropped() {
    std::size_t rule = 0;
    for (; rule < config_.drop.size(); ++rule) {
      if (config_.drop[rule].test(field(places_->drop[rule])) != config_.drop[rule].unless) break;
    }
    if (rule == config_.drop.size() && (!field(places_->item).empty() || !field(places_->query).empty())) {
      ++rule;
      if (!field(places_->user).empty() || !field(places_->session).empty()) return is_duplicate();
    }
    ++report_.dropped[rule].rows;
    return true;
  }

  bool is_duplicate() {
    if (places_->duplicates.empty()) return false;
    // 128 bits of the row stand for it: two different rows of a billion agree with a chance of 1 in 10^20.
    std::string key;
    for (const std::size_t place : places_->duplicates) (key += fields_[place]) += '\0';
    const bool repeated = !seen_.insert({text_hash(key, 1), text_hash(key, 2)}).second;
    report_.duplicates += repeated ? 1 : 0;
    return repeated;
  }

  void keep() {
    const Event event = make_event();
    if (!event.item.empty()) {
      CsvItems::Row item{event.item, field(places_->title), field(places_->text), field(places_->kind), {}};
      for (const std::size_t place : places_->attributes) item.attributes.push_back(field(place));
      items_.add(item);
    }
    ++report_.kept;
    ++report_.events;
    if (!event.user.empty()) users_.insert(event.user);
    if (!event.session.empty()) sessions_.insert(event.session);
    if (events_) events_->write(event);
  }

  Event make_event() const {
    Event event;
    event.item = field(places_->item);
    if (event.item.empty()) {
      event.query = field(places_->query);
    } else if (const std::string fault = item_id_fault(event.item); !fault.empty()) {
      fail("the item's id " + fault, "mend or drop it by a rule");
    }
    event.user = field(places_->user);
    event.session = field(places_->session);
    if (config_.events.session_without_user && !event.user.empty()) event.session.clear();
    event.time = read_time();
    event.action =
        field(places_->action).empty() ? config_.events.action : std::string(field(places_->action));
    if (const std::string_view rating = field(places_->rating); !rating.empty()) {
      event.rating = parse_number(rating);
      if (!event.rating)
        fail("the rating \"" + std::string(rating) + "\" is no number", "mend or drop it by a rule");
    }
    for (const auto& [name, place] : places_->context) {
      if (!field(place).empty()) event.context[name] = field(place);
    }
    return event;
  }

  std::optional<double> read_time() const {
    const std::string_view text = field(places_->time);
    if (text.empty()) return {};
    std::optional<double> time;
    if (!config_.events.time_pattern.empty()) {
      time = parse_time(text, config_.events.time_pattern);
    } else if (time = parse_time(text); !time) {
      time = parse_number(text);
    }
    if (!time || *time < kEarliestTime || *time >= kLatestTime) {
      fail("the time \"" + std::string(text) + "\" cannot be read",
           "say its form with time_pattern under [events], or drop it by a rule");
    }
    return time;
  }

  [[noreturn]] void fail(const std::string& what, const std::string& mend) const {
    throw Error(ErrorKind::kBadInput, what, reader_.where(), mend);
  }

  const CsvImportFiles& files_;
  const CsvImportConfig& config_;
  bool skip_invalid_;
  Progress* progress_;
  CsvReader reader_;
  std::vector<std::string> fields_;
  std::optional<Header> header_;
  std::optional<Places> places_;
  std::optional<JsonlWriter> events_;
  CsvItems items_;
  CsvImportReport report_;
  std::unordered_set<RowHash, RowHash::Low> seen_;
  std::unordered_set<std::string> users_, sessions_;
};

}  // namespace

CsvImportReport import_csv(const CsvImportFiles& files, const CsvImportConfig& config, bool skip_invalid,
                           Progress* progress) {
  return Importer(files, config, skip_invalid, progress).run();
}

}  // namespace segue::index
