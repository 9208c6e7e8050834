// Connections until it is known who is there. That a slow one is cut off after opening_max is
// left to the simulation, which has time for it.
#include "session/opening.h"

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>

#include "session/limits.h"
#include "sim/radio_codec.h"
#include "support/one_shard.h"
#include "support/sockets.h"

namespace parley::session {
namespace {

using test::pattern;
using test::Stream;

Authenticator make_authenticator() {
    std::string error;
    auto made = Authenticator::create({.mode = AuthMode::trust}, error);
    EXPECT_TRUE(made.has_value()) << error;
    return std::move(*made);
}

class OpeningTest : public testing::Test, private Opening::Gate {
protected:
    OpeningTest() {
        test::TcpPair pair = test::tcp_pair();
        client = std::move(pair.theirs);
        Opening::Gate& gate = *this;
        opening = std::make_unique<Opening>(one.net, pair.ours.release(), policy, gate);
        opening->start(AddressMark::uncounted);
    }
    ~OpeningTest() override {
        if (opening) opening->abort();
        EXPECT_TRUE(ended());
        one.turn();
        EXPECT_EQ(one.net.connections, 0U);
    }

    bool ended() {
        return one.run_until([this] { return !opening; });
    }
    // All that the client reads until the end of the stream.
    std::string answer() {
        std::string got;
        EXPECT_TRUE(one.run_until([&] { return test::read_waiting(client, got) != Stream::open; }));
        return got;
    }
    static std::string get(const std::string& request_line) {
        return request_line + " HTTP/1.1\r\nHost: parley\r\n\r\n";
    }

    test::OneShard one{{}};
    Authenticator authenticator = make_authenticator();
    Origins origins{Origins::OwnHost::by_address};
    Opening::Policy policy{.authenticator = authenticator, .origins = origins};
    test::Descriptor client;
    std::unique_ptr<Opening> opening;
    std::optional<Admission> admitted;
    test::Descriptor given;
    std::optional<Refusal> refused;
    int refusals = 0;
    bool is_ready = true;
    Readiness readiness_told{true, "ok"};

private:
    void on_admitted(Opening&, Admission admission, int descriptor) noexcept override {
        admitted = std::move(admission);
        given = test::Descriptor{descriptor};
        opening.reset();
    }
    void on_opening_gone(Opening&) noexcept override { opening.reset(); }
    void on_refused(Refusal reason) noexcept override {
        refused = reason;
        ++refusals;
    }
    std::string_view unready() const noexcept override { return is_ready ? "" : "stopping"; }
    Readiness readiness() const noexcept override { return readiness_told; }
};

TEST_F(OpeningTest, AdmitsWithoutAnsweringItself) {
    test::write_all(client, sim::upgrade_request("alice", "phone"));
    ASSERT_TRUE(ended());
    ASSERT_TRUE(admitted.has_value());
    EXPECT_EQ(admitted->identity.user, "alice");
    EXPECT_EQ(admitted->device, "phone");
    EXPECT_TRUE(sim::is_upgrade_answer(admitted->reply));
    EXPECT_TRUE(admitted->received.empty());
    std::string got;
    EXPECT_EQ(test::read_waiting(client, got), Stream::open);
    EXPECT_EQ(got, "");
    // The connection is whole: the new owner answers.
    test::write_all(given, admitted->reply);
    EXPECT_EQ(test::read_exactly(client, admitted->reply.size()), admitted->reply);
}

TEST_F(OpeningTest, ReadsARequestThatDripsIn) {
    for (const char each : sim::upgrade_request("alice", "phone")) {
        test::write_all(client, std::string(1, each));
        one.turn();
    }
    ASSERT_TRUE(ended());
    EXPECT_TRUE(admitted.has_value());
}

TEST_F(OpeningTest, KeepsWhatWasSentBehindTheRequest) {
    const std::string behind = pattern(early_bytes_max, 1);
    test::write_all(client, sim::upgrade_request("alice", "phone") + behind);
    ASSERT_TRUE(ended());
    ASSERT_TRUE(admitted.has_value());
    // What came too late to be kept is still in the socket.
    std::string all{reinterpret_cast<const char*>(admitted->received.data()),
                    admitted->received.size()};
    EXPECT_FALSE(all.empty());
    all += test::read_exactly(given, behind.size() - all.size());
    EXPECT_EQ(all, behind);
}

// What comes before it is known who it is costs no memory: it stays in the kernel, save for what
// came with the end of the request.
TEST_F(OpeningTest, ReadsNoMoreBehindTheRequestThanCameWithIt) {
    const std::string behind = pattern(4 * early_bytes_max, 2);
    test::write_all(client, sim::upgrade_request("alice", "phone") + behind);
    ASSERT_TRUE(ended());
    ASSERT_TRUE(admitted.has_value());
    EXPECT_LE(admitted->received.size(), ring::Options{}.receive_buffer_bytes);
    const std::size_t left = behind.size() - admitted->received.size();
    EXPECT_EQ(test::read_exactly(given, left), behind.substr(behind.size() - left));
}

TEST_F(OpeningTest, RefusesAnUpgradeWithoutAToken) {
    std::string request = sim::upgrade_request("", "phone");
    test::write_all(client, request);
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 401 ")) << got;
    EXPECT_TRUE(got.ends_with("\r\n\r\nUnauthorized")) << got;
    EXPECT_EQ(refused, Refusal::missing_token);
    client.close();
    EXPECT_TRUE(ended());
    EXPECT_FALSE(admitted.has_value());
}

std::string with_origin(std::string_view lines) {
    std::string request = sim::upgrade_request("alice", "phone");
    return request.insert(request.find("\r\n") + 2, lines);
}

TEST_F(OpeningTest, RefusesPagesOfOtherOrigins) {
    test::write_all(client, with_origin("Origin: https://evil.example\r\n"));
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 403 ")) << got;
    EXPECT_NE(got.find("--allow-origin"), std::string::npos) << got;
    EXPECT_EQ(refused, Refusal::foreign_origin);
    client.close();
    EXPECT_TRUE(ended());
    EXPECT_FALSE(admitted.has_value());
}

TEST_F(OpeningTest, RefusesTwoOrigins) {
    ASSERT_TRUE(origins.allow("https://good.example"));
    test::write_all(client, with_origin("Origin: https://good.example\r\n"
                                        "Origin: https://good.example\r\n"));
    EXPECT_TRUE(answer().starts_with("HTTP/1.1 403 "));
    EXPECT_EQ(refused, Refusal::foreign_origin);
}

TEST_F(OpeningTest, AdmitsPagesThatMayConnect) {
    ASSERT_TRUE(origins.allow("https://good.example"));
    test::write_all(client, with_origin("Origin: https://good.example\r\n"));
    ASSERT_TRUE(ended());
    EXPECT_TRUE(admitted.has_value());
}

constexpr std::string_view offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

std::string offering(std::string request) {
    return request.insert(request.size() - 2, offer);
}

TEST_F(OpeningTest, AgreesOnCompressionIfToldTo) {
    policy.deflate = ws::Deflate::on;
    test::write_all(client, offering(sim::upgrade_request("alice", "phone")));
    ASSERT_TRUE(ended());
    ASSERT_TRUE(admitted.has_value());
    EXPECT_EQ(admitted->deflate, ws::DeflateTerms{});
    EXPECT_NE(admitted->reply.find("Extensions: permessage-deflate;"), std::string::npos);
}

TEST_F(OpeningTest, DeclinesCompressionIfNotToldTo) {
    test::write_all(client, offering(sim::upgrade_request("alice", "phone")));
    ASSERT_TRUE(ended());
    ASSERT_TRUE(admitted.has_value());
    EXPECT_FALSE(admitted->deflate.has_value());
    EXPECT_EQ(admitted->reply.find("Extensions"), std::string::npos);
}

TEST_F(OpeningTest, AgreesOnNothingWithWhoIsNotLetIn) {
    policy.deflate = ws::Deflate::on;
    test::write_all(client, offering(sim::upgrade_request("", "phone")));
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 401 ")) << got;
    EXPECT_EQ(got.find("Extensions"), std::string::npos) << got;
}

TEST_F(OpeningTest, LooksAtOneTokenOfAConnectionAndNoMore) {
    const std::string request = sim::upgrade_request("", "phone");
    for (int i = 0; i < 20; ++i) {
        test::write_some(client, request + request);
        one.turn();
    }
    EXPECT_TRUE(answer().starts_with("HTTP/1.1 401 "));
    EXPECT_EQ(refusals, 1);
}

TEST_F(OpeningTest, RefusesAnUpgradeThatIsNone) {
    std::string request = sim::upgrade_request("alice", "phone");
    request.replace(request.find("Version: 13"), 11, "Version: 12");
    test::write_all(client, request);
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 400 ")) << got;
    EXPECT_TRUE(got.ends_with("Bad Request")) << got;
}

TEST_F(OpeningTest, WelcomesWhoAsksForTheFirstPage) {
    test::write_all(client, get("GET /"));
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got;
    EXPECT_TRUE(got.ends_with("\r\n\r\nWelcome to VoicePing Router 1.0.0")) << got;
}

TEST_F(OpeningTest, LeavesTheBodyOutForHead) {
    test::write_all(client, get("HEAD /"));
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got;
    EXPECT_TRUE(got.ends_with("\r\n\r\n")) << got;
}

TEST_F(OpeningTest, SaysThatItIsReady) {
    test::write_all(client, get("GET /healthz"));
    EXPECT_TRUE(answer().starts_with("HTTP/1.1 200 "));
}

TEST_F(OpeningTest, SaysThatItIsNotReadyWhileItStops) {
    is_ready = false;
    test::write_all(client, get("GET /healthz"));
    EXPECT_TRUE(answer().starts_with("HTTP/1.1 503 "));
}

TEST_F(OpeningTest, SaysHowReadyItIs) {
    readiness_told = {true, "ok, store: down"};
    test::write_all(client, get("GET /readyz"));
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200 ")) << got;
    EXPECT_TRUE(got.ends_with("\r\n\r\nok, store: down")) << got;
}

TEST_F(OpeningTest, SaysWhyItIsNotReady) {
    readiness_told = {false, "store: full"};
    test::write_all(client, get("GET /readyz"));
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 503 ")) << got;
    EXPECT_TRUE(got.ends_with("\r\n\r\nstore: full")) << got;
}

TEST_F(OpeningTest, KnowsNoOtherPage) {
    test::write_all(client, get("GET /?x"));
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 404 ")) << got;
    EXPECT_TRUE(got.ends_with("Not Found")) << got;
}

TEST_F(OpeningTest, ForbidsOtherMethods) {
    test::write_all(client, get("DELETE /"));
    const std::string got = answer();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 403 ")) << got;
    EXPECT_TRUE(got.ends_with("Forbidden")) << got;
}

TEST_F(OpeningTest, AnswersWhatIsNoRequest) {
    test::write_all(client, "\x16\x03\x01 hello\r\n\r\n");
    EXPECT_TRUE(answer().starts_with("HTTP/1.1 400 "));
}

TEST_F(OpeningTest, AnswersOnceHoweverMuchFollows) {
    test::write_all(client, get("GET /") + get("GET /healthz"));
    one.turn();
    test::write_all(client, get("GET /"));
    const std::string got = answer();
    EXPECT_EQ(got.find("HTTP/1.1", 1), std::string::npos) << got;
}

TEST_F(OpeningTest, EndsWithAClientThatLeavesBeforeItHasAsked) {
    test::write_all(client, "GET / HT");
    one.turn();
    client.close();
    EXPECT_TRUE(ended());
    EXPECT_FALSE(admitted.has_value());
}

TEST_F(OpeningTest, AdmitsAnybodyIfToldTo) {
    policy.admit = Opening::Admit::anybody;
    test::write_all(client, sim::upgrade_request("", "phone"));
    ASSERT_TRUE(ended());
    ASSERT_TRUE(admitted.has_value());
    EXPECT_EQ(admitted->identity.user, "");
}

}  // namespace
}  // namespace parley::session
