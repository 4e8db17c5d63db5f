#include "index/item_records.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "index/catalogue.h"
#include "index/input/fold.h"
#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

/// Items of all shapes: every type of attribute, empty texts and lists, letters of several bytes.
std::vector<Item> varied_items(std::size_t count) {
  RandomStream random(7);
  const auto word = [&] {
    static const char* const kWords[] = {"", "a", "lamp", "\xc3\xa4\xc3\xb6", "\xe2\x82\xac 5", "two words"};
    return std::string(kWords[random.below(6)]);
  };
  std::vector<Item> items(count);
  for (std::size_t i = 0; i < count; ++i) {
    Item& item = items[i];
    item.id = "id" + std::to_string(i) + word();
    if (random.below(2) == 0) item.kind = "product";
    item.title = word();
    item.text = word();
    if (random.below(2) == 0) item.weight = static_cast<double>(random.below(100)) / 7;
    if (random.below(2) == 0) item.attributes["style"] = word();
    if (random.below(2) == 0) item.attributes["price"] = -0.5 * static_cast<double>(random.below(100));
    if (random.below(2) == 0) item.attributes["new"] = random.below(2) == 0;
    if (random.below(2) == 0) item.attributes["tags"] = std::vector<std::string>(random.below(4), word());
    if (random.below(2) == 0) item.vector = {0.5f, -2, static_cast<float>(i)};
    if (random.below(2) == 0) item.vectors["image"] = {static_cast<float>(i)};
    if (random.below(2) == 0) item.vectors["audio"] = {1, 2};
  }
  return items;
}

TEST(ItemRecords, GiveBackWhatWasAdded) {
  const std::vector<Item> items = varied_items(300);
  ItemRecords records;
  for (const Item& item : items) records.add(item);
  ASSERT_EQ(records.size(), items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(records.item(i), items[i]);
    EXPECT_EQ(records.id(i), items[i].id);
    EXPECT_EQ(records.kind(i), items[i].kind);
    EXPECT_EQ(records.title(i), items[i].title);
    EXPECT_EQ(records.text(i), items[i].text);
    EXPECT_EQ(records.weight(i), items[i].weight);
    for (const char* name : {"style", "price", "new", "tags", "absent"}) {
      const auto found = items[i].attributes.find(name);
      EXPECT_EQ(records.attribute(i, name),
                found == items[i].attributes.end() ? std::nullopt : std::optional(found->second));
    }
  }
}

TEST(ItemRecords, OfAFileAreTheSameButForVectors) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path file = folder / "items.safetensors";
  std::vector<Item> items = varied_items(300);
  {
    ItemRecords records;
    for (const Item& item : items) records.add(item);
    records.save(file);
  }
  ItemRecords mapped = ItemRecords::open(file);
  const ItemRecords moved = std::move(mapped);
  ASSERT_EQ(moved.size(), items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].vector.clear();
    items[i].vectors.clear();
    EXPECT_EQ(moved.item(i), items[i]);
  }
}

TEST(ItemRecords, OfAFileDoNotGrow) {
  const testing::TemporaryFolder folder;
  ItemRecords().save(folder / "items.safetensors");
  ItemRecords records = ItemRecords::open(folder / "items.safetensors");
  EXPECT_EQ(records.size(), 0u);
  EXPECT_THROW(records.add(Item{}), std::logic_error);
}

/// A file with single bytes of the records changed opens with values that can be read, or is refused: no read
/// ever leaves the record.
TEST(ItemRecords, ThatAreDamagedAreRefusedOrReadable) {
  const testing::TemporaryFolder folder;
  ItemRecords records;
  for (const Item& item : varied_items(20)) records.add(item);
  records.save(folder / "items.safetensors");
  const auto whole = Safetensors::open(folder / "items.safetensors");
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole->u8("bytes").size(); ++at) {
    std::vector<std::uint8_t> bytes(whole->u8("bytes").begin(), whole->u8("bytes").end());
    bytes[at] ^= 0x81;
    SafetensorsWriter writer;
    writer.add("bytes", {bytes.size()}, bytes);
    for (const char* name : {"offsets", "names.offsets"})
      writer.add(name, {whole->i64(name).size()}, whole->i64(name));
    writer.add("names.bytes", {whole->u8("names.bytes").size()}, whole->u8("names.bytes"));
    writer.write(folder / "damaged.safetensors");
    try {
      const ItemRecords damaged = ItemRecords::open(folder / "damaged.safetensors");
      for (std::size_t i = 0; i < damaged.size(); ++i) (void)damaged.item(i);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
      EXPECT_NE(std::string(error.what()).find("damaged.safetensors"), std::string::npos);
      ++refused;
    }
  }
  EXPECT_GT(refused, whole->u8("bytes").size() / 4);
}

TEST(Catalogue, ThatIsMappedFindsWhatTheBuiltOneFinds) {
  const testing::TemporaryFolder folder;
  std::vector<Item> items = varied_items(500);
  for (std::size_t i = 0; i < items.size(); i += 3) items[i].kind = kQueryKind;
  const Catalogue built(items);
  built.save(folder / "items.safetensors");
  const Catalogue mapped = Catalogue::open(folder / "items.safetensors");
  ASSERT_EQ(mapped.size(), built.size());
  for (const Item& item : items) {
    EXPECT_EQ(mapped.find(item.id), built.find(item.id));
    EXPECT_EQ(mapped.id(mapped.find(item.id)), item.id);
    EXPECT_EQ(mapped.find_query(fold(item.title)), built.find_query(fold(item.title)));
  }
  EXPECT_EQ(mapped.find("absent"), kNoItem);
  EXPECT_EQ(mapped.queries().count(), built.queries().count());
}

TEST(Catalogue, WhoseFileIsOutOfOrderIsRefused) {
  const testing::TemporaryFolder folder;
  ItemRecords records;
  for (const char* id : {"b", "a"}) {
    Item item;
    item.id = id;
    records.add(item);
  }
  records.save(folder / "items.safetensors");
  EXPECT_THROW(Catalogue::open(folder / "items.safetensors"), Error);
}

}  // namespace
}  // namespace segue::index
