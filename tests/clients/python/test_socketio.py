import json
import os
import queue
import unittest
import uuid

import socketio

URL = os.environ.get("CHAT_URL", "http://127.0.0.1:5000")
USERS = json.loads(os.environ["CHAT_USERS"])
TRUST = os.environ.get("CHAT_MODE") == "trust-user-id"
PLAIN = os.environ.get("CHAT_PLAIN") == "1"
CHAT = "/api/community/chat"


class Chatter:
    def __init__(self, test, user=None, transports=("websocket",)):
        self.client = socketio.Client(reconnection=False)
        self.received = queue.Queue()
        self.client.on("message-received", self.received.put, namespace=CHAT)
        auth = None
        if user:
            auth = {"userId": user["id"]} if TRUST else {"token": user["token"]}
        self.client.connect(URL, auth=auth, namespaces=[CHAT], transports=list(transports), wait_timeout=5)
        test.addCleanup(self.client.disconnect)

    def ask(self, event, payload=None):
        return self.client.call(event, payload, namespace=CHAT, timeout=5)

    def hear(self, text):
        while True:
            message = self.received.get(timeout=3)
            if message["message"] == text:
                return message


def unique():
    return f"python story {uuid.uuid4()} é 😀"


class Stories(unittest.TestCase):
    def test_connect_send_receive(self):
        for transports in (("websocket",), ("polling",), ("polling", "websocket")):
            with self.subTest(transports=transports):
                sender = Chatter(self, USERS[0], transports)
                reader = Chatter(self, USERS[1], transports)
                text = unique()
                answer = sender.ask("send-message", {"message": text})
                self.assertTrue(answer["success"], answer)
                self.assertEqual(answer["message"], "Message sent successfully")
                self.assertEqual(answer["data"]["user_id"], USERS[0]["id"])
                self.assertEqual(sender.hear(text), answer["data"])
                self.assertEqual(reader.hear(text), answer["data"])

    def test_history(self):
        chatter = Chatter(self, USERS[0])
        sent = chatter.ask("send-message", {"message": unique()})["data"]
        total = chatter.ask("load-messages", {"limit": 1})["pagination"]["total"]
        last = chatter.ask("load-messages", {"page": total, "limit": 1})
        self.assertEqual(last["data"], [sent])
        self.assertEqual(last["pagination"], {"total": total, "page": total, "limit": 1, "totalPages": total})
        self.assertEqual(chatter.ask("load-messages")["pagination"]["limit"], 50)

    def assert_refused(self, answer, error):
        self.assertIs(answer["success"], False)
        self.assertEqual(answer["error"], error)
        if not PLAIN:
            self.assertTrue(answer["code"])

    def test_refusals(self):
        stranger = Chatter(self)
        self.assert_refused(stranger.ask("send-message", {"message": "x"}), "User not authenticated")
        self.assert_refused(stranger.ask("authenticate-user", {}), "UserId is required")
        chatter = Chatter(self, USERS[0])
        self.assert_refused(chatter.ask("send-message", {"message": " \u3000"}), "Message cannot be empty")
        self.assert_refused(
            chatter.ask("send-message", {"message": "x" * 5001}),
            "Message is too long (max 5000 characters)",
        )
        unknown = {"messageId": str(uuid.uuid4()), "message": "x"}
        self.assert_refused(chatter.ask("edit-message", unknown), "Message not found")
        sent = chatter.ask("send-message", {"message": unique()})["data"]
        other = Chatter(self, USERS[1])
        self.assert_refused(
            other.ask("delete-message", {"messageId": sent["id"]}),
            "You can only delete your own messages",
        )


if __name__ == "__main__":
    unittest.main()
