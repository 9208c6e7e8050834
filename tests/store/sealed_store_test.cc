// Bodies are sealed before a backend sees them. That nothing else differs is the contract's to
// show.
#include "store/sealed_store.h"

#include "backends.h"
#include "seal/bodies.h"
#include "seal/keys.h"

namespace parley::store {
namespace {

class SealedStoreTest : public Contract {
protected:
    void through(const seal::KeyRing& keys, Seals seals) {
        door_ = std::make_unique<SealedStore>(backend_->door(shard_), keys, seals);
    }
    void plainly() { door_ = backend_->door(shard_); }
    std::string body_of(const std::string& id) {
        return get(GetMessage{"g:1", id}).message.value_or(Message{}).body;
    }

    const seal::KeyRing keys_ = seal::ring_of({"2026"});
};

INSTANTIATE_TEST_SUITE_P(InAFile, SealedStoreTest, testing::Values(backends().at(1)));

TEST_P(SealedStoreTest, ShowsTheBackendNoBody) {
    through(keys_, Seals::yes);
    say("g:1", "a", "meet me at the gate");
    get(EditMessage{"g:1", "a", "not at the gate", at(1)});
    get(Enqueue{.user = "bob", .kind = "event", .body = "about the gate", .at = at(2)});
    EXPECT_EQ(body_of("a"), "not at the gate");
    EXPECT_EQ(get(GetHistory{.conversation = "g:1"}).messages.at(0).body, "not at the gate");
    EXPECT_EQ(get(GetQueue{.user = "bob"}).entries.at(0).body, "about the gate");
    plainly();
    for (const std::string& kept :
         {body_of("a"), get(GetQueue{.user = "bob"}).entries.at(0).body}) {
        EXPECT_TRUE(seal::is_sealed(kept));
        EXPECT_EQ(kept.find("gate"), std::string::npos);
    }
}

TEST_P(SealedStoreTest, GivesNoGarbageWhereNoKeyFits) {
    through(keys_, Seals::yes);
    say("g:1", "a");
    const seal::KeyRing others = seal::ring_of({"2027"});
    through(others, Seals::yes);
    EXPECT_EQ(error_of(GetMessage{"g:1", "a"}), trouble(Trouble::unreadable));
    EXPECT_EQ(error_of(GetHistory{.conversation = "g:1"}), trouble(Trouble::unreadable));
}

TEST_P(SealedStoreTest, OpensNoBodyThatWasMoved) {
    through(keys_, Seals::yes);
    say("g:1", "a", "yes");
    say("g:1", "b", "no");
    plainly();
    get(EditMessage{"g:1", "b", body_of("a"), at(1)});
    through(keys_, Seals::yes);
    EXPECT_EQ(error_of(GetMessage{"g:1", "b"}), trouble(Trouble::unreadable));
    EXPECT_EQ(body_of("a"), "yes");
}

TEST_P(SealedStoreTest, GivesWhatWasKeptBeforeAnythingWasSealed) {
    plainly();
    say("g:1", "a", "hello");
    through(keys_, Seals::yes);
    EXPECT_EQ(body_of("a"), "hello");
}

TEST_P(SealedStoreTest, OpensWhatWasSealedAlsoOnceNothingIs) {
    through(keys_, Seals::yes);
    say("g:1", "a", "hello");
    through(keys_, Seals::no);
    say("g:1", "b", "world");
    EXPECT_EQ(body_of("a"), "hello");
    plainly();
    EXPECT_EQ(body_of("b"), "world");
}

}  // namespace
}  // namespace parley::store
