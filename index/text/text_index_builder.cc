#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "index/text/lucene_reader_impl.h"
#include "index/text/lucene_strings_impl.h"
#include "index/text/lucene_warm_up.h"
#include "index/text/text_index_impl.h"

namespace segue::index {

using namespace Lucene;

namespace {

// Positions between the title and the text in the field of both: no phrase reaches over it.
constexpr std::int32_t kTitleGap = 100;
constexpr double kBufferMiB = 48;

// Gives Lucene++ tokens that were made before.
class TokenReplay : public TokenStream {
 public:
  explicit TokenReplay(const std::vector<Token>* tokens) : tokens_(tokens) {
    term_ = addAttribute<TermAttribute>();
    step_ = addAttribute<PositionIncrementAttribute>();
  }
  LUCENE_CLASS(TokenReplay);

  bool incrementToken() override {
    if (next_ == tokens_->size()) return false;
    clearAttributes();
    const Token& token = (*tokens_)[next_++];
    term_->setTermBuffer(to_wide(token.text));
    step_->setPositionIncrement(token.position - last_position_);
    last_position_ = token.position;
    return true;
  }
  void reset() override {
    next_ = 0;
    last_position_ = -1;
  }

 private:
  const std::vector<Token>* tokens_;
  TermAttributePtr term_;
  PositionIncrementAttributePtr step_;
  std::size_t next_ = 0;
  std::int32_t last_position_ = -1;
};

std::string shortest(double number) {
  char text[32];
  const auto end = std::to_chars(std::begin(text), std::end(text), number == 0 ? 0.0 : number).ptr;
  return {std::begin(text), end};
}

FieldType type_of(const AttributeValue& value) {
  if (std::holds_alternative<double>(value)) return FieldType::kNumber;
  if (std::holds_alternative<bool>(value)) return FieldType::kBoolean;
  return FieldType::kString;
}

std::map<std::string, FieldType, std::less<>> field_types(const Catalogue& catalogue) {
  std::map<std::string, FieldType, std::less<>> types;
  for (ItemId i = 0; i < catalogue.size(); ++i) {
    const Item item = catalogue.item(i);
    for (const auto& [name, value] : item.attributes) {
      const auto [known, added] = types.emplace(name, type_of(value));
      if (added && (name.empty() || is_reserved_field(name))) {
        throw Error(ErrorKind::kBadInput, "the attribute name '" + name + "' is reserved", "item " + item.id,
                    "give the attribute another name");
      }
      if (!added && known->second != type_of(value)) known->second = FieldType::kString;
    }
  }
  for (const std::string_view field : {kDefaultField, kTitleField, kTextField})
    types.emplace(field, FieldType::kText);
  for (const std::string_view field : {kIdField, kKindField}) types.emplace(field, FieldType::kString);
  return types;
}

/// Writes documents in the order of items.
class Builder {
 public:
  Builder(const std::filesystem::path& directory, const Analyzer& analyzer, const Catalogue& catalogue)
      : directory_(directory), analyzer_(analyzer), catalogue_(catalogue), types_(field_types(catalogue)) {
    const DirectoryPtr files =
        newLucene<SimpleFSDirectory>(directory_.wide(), NoLockFactory::getNoLockFactory());
    // No field is analysed by Lucene++: its tokens are given.
    writer_ = newLucene<IndexWriter>(files, newLucene<KeywordAnalyzer>(), true,
                                     IndexWriter::MaxFieldLengthUNLIMITED);
    // Merges on this thread, of neighbours only: documents keep their order.
    writer_->setMergeScheduler(newLucene<SerialMergeScheduler>());
    writer_->setRAMBufferSizeMB(kBufferMiB);
    writer_->setUseCompoundFile(false);
  }
  ~Builder() {
    if (!writer_) return;
    try {
      writer_->rollback();
    } catch (const std::exception&) {
      // The first error is the one to report; the directory is discarded.
    }
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  void run() {
    for (ItemId i = 0; i < catalogue_.size(); ++i) add(catalogue_.item(i));
    writer_->optimize();
    writer_->close();
    writer_.reset();
  }

  void write_lengths(const std::filesystem::path& file) const {
    SafetensorsWriter out;
    for (const auto& [name, tokens] : lengths_)
      out.add(name, {tokens.size()}, std::span<const std::int32_t>(tokens));
    out.write(file);
  }

  void write_fields(const std::filesystem::path& file) const {
    nlohmann::json fields = nlohmann::json::object();
    for (const auto& [name, type] : types_) fields[name] = name_of(type);
    const nlohmann::json json = {
        {"format", kFieldsFormat}, {"analyzer", analyzer_.name()}, {"fields", fields}};
    std::ofstream out(file);
    out << json.dump(2) << '\n';
    out.close();
    if (!out) throw Error(ErrorKind::kResource, "cannot be written", file.string(), "free disk space");
  }

 private:
  void add(const Item& item) {
    const DocumentPtr document = newLucene<Document>();
    // Token streams read these vectors until addDocument returns.
    const std::vector<Token> title = analyzer_.tokens(item.title);
    const std::vector<Token> text = analyzer_.tokens(item.text);
    std::vector<Token> both = title;
    const std::int32_t offset = title.empty() ? 0 : title.back().position + kTitleGap;
    for (const Token& token : text) both.push_back({token.text, token.position + offset});
    add_text(document, kDefaultField, both);
    add_text(document, kTitleField, title);
    add_text(document, kTextField, text);
    add_exact(document, kIdField, item.id);
    add_exact(document, kKindField, item.kind);
    for (const auto& [name, value] : item.attributes) add_attribute(document, name, value);
    writer_->addDocument(document);
  }

  void add_text(const DocumentPtr& document, std::string_view field, const std::vector<Token>& tokens) {
    lengths_[std::string(field)].push_back(static_cast<std::int32_t>(tokens.size()));
    if (tokens.empty()) return;
    const FieldPtr indexed = newLucene<Field>(to_wide(field), newLucene<TokenReplay>(&tokens));
    indexed->setOmitNorms(true);
    document->add(indexed);
  }

  static void add_exact(const DocumentPtr& document, std::string_view field, std::string_view value) {
    const FieldPtr indexed = newLucene<Field>(to_wide(field), to_wide_value(value), Field::STORE_NO,
                                              Field::INDEX_NOT_ANALYZED_NO_NORMS);
    indexed->setOmitTermFreqAndPositions(true);
    document->add(indexed);
  }

  void add_attribute(const DocumentPtr& document, const std::string& name,
                     const AttributeValue& value) const {
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
      for (const std::string& entry : *list) add_exact(document, name, entry);
    } else if (const auto* string = std::get_if<std::string>(&value)) {
      add_exact(document, name, *string);
    } else if (const auto* boolean = std::get_if<bool>(&value)) {
      add_exact(document, name, *boolean ? "true" : "false");
    } else {
      const double number = std::get<double>(value);
      if (!std::isfinite(number)) return;
      if (types_.at(name) == FieldType::kString) return add_exact(document, name, shortest(number));
      const NumericFieldPtr indexed = newLucene<NumericField>(to_wide(name), kPrecisionStep);
      indexed->setDoubleValue(number == 0 ? 0 : number);  // -0 has another code than 0
      document->add(indexed);
    }
  }

  NamedDirectory directory_;
  const Analyzer& analyzer_;
  const Catalogue& catalogue_;
  std::map<std::string, FieldType, std::less<>> types_;
  std::map<std::string, std::vector<std::int32_t>> lengths_{
      {std::string(kDefaultField), {}}, {std::string(kTitleField), {}}, {std::string(kTextField), {}}};
  IndexWriterPtr writer_;
};

}  // namespace

void TextIndex::build(const Catalogue& catalogue, const std::filesystem::path& directory,
                      std::string_view analyzer) {
  const Analyzer& known = Analyzer::named(analyzer);
  ensure_lucene_warm();
  translated(ErrorKind::kResource, "cannot write the text index", directory.string(),
             "check free disk space and permissions", [&] {
               std::filesystem::create_directories(directory);
               if (!std::filesystem::is_empty(directory)) {
                 throw Error(ErrorKind::kBadInput, "the directory is not empty", directory.string());
               }
               Builder builder(directory, known, catalogue);
               builder.run();
               builder.write_lengths(directory / kLengthsFile);
               builder.write_fields(directory / kFieldsFile);
             });
}

}  // namespace segue::index
