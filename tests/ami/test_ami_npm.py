"""AMI with the npm package asterisk-manager, unmodified, in node: login, an action, a list, an event, a call."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from ami_house import PATIENCE, LiveHouse

PACKAGE = Path(__file__).resolve().parents[2] / ".venv" / "npm" / "package"
NODE = shutil.which("node")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NODE is None, reason="node is not installed: apt install nodejs npm, then make setup-test"),
    pytest.mark.skipif(not PACKAGE.is_dir(), reason="npm's asterisk-manager is not there: make setup-test, with npm")]
SCRIPT = """
const ami = require(process.argv[2])(Number(process.argv[3]), '127.0.0.1', 'all', 's3cret', true);
const told = {events: []};
ami.on('managerevent', (event) => {
  told.events.push(event.event);
  if (event.event === 'OriginateResponse') {
    told.originated = event;
    console.log(JSON.stringify(told));
    process.exit(0);
  }
});
ami.on('error', (error) => { console.error(String(error)); process.exit(1); });
ami.action({action: 'ping'}, (error, answer) => {
  told.ping = answer;
  ami.action({action: 'nothing'}, (wrong) => {
    told.wrong = wrong;
    ami.action({action: 'queuestatus', queue: 'sales'}, (failed, list) => {
      told.list = list;
      ami.action({action: 'originate', channel: 'DAHDI/8001', context: 'queue', exten: 'sales', priority: 1,
                  async: true, timeout: 1000, variable: {a: 1, b: 2}}, (failed2, sent) => { told.sent = sent; });
    });
  });
});
"""


def test_the_npm_client_asks_lists_and_calls(tmp_path: Path) -> None:
    script = tmp_path / "client.js"
    script.write_text(SCRIPT, encoding="utf-8")
    with LiveHouse() as live:
        live.person("8001", station="8001")
        ended = subprocess.run([str(NODE), str(script), str(PACKAGE), str(live.port)], text=True, capture_output=True,
                               timeout=3 * PATIENCE, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["ping"]["ping"] == "Pong"
    assert told["wrong"]["message"].startswith("Invalid/unknown command: nothing")
    assert told["list"]["message"] == "Queue status will follow"
    assert told["sent"]["message"] == "Originate successfully queued"
    assert (told["originated"]["response"], told["originated"]["reason"]) == ("Failure", "3")
    assert {"QueueParams", "QueueStatusComplete", "Newchannel", "DialBegin", "DialEnd"} <= set(told["events"])
