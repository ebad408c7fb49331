#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""An interactive shell in a guest, on its serial console (`make guest-shell`)."""

import argparse
import shutil
import sys
import termios
import time

from lib.guest import Guest, GuestError, unknown
from lib.kernels import AssetError, say
from lib.wire import WireError

FOREVER = 10 * 365 * 86400


def talk(guest):
    """Gives the console to a shell until that ends. QEMU holds the terminal, in raw mode.

    The command leads its session, so that opening the console makes it the controlling terminal.
    """
    nic, size = guest.nics[0], shutil.get_terminal_size()
    say(f"{nic.name} is {nic.guest}; the outside is {nic.outside}. 'exit' ends the guest.")
    guest.start(f"stty rows {size.lines} cols {size.columns} sane < /dev/ttyS0; "
                "export ENV=/etc/profile TERM=vt100; "
                "exec busybox ash -i < /dev/ttyS0 > /dev/ttyS0 2>&1").wait(FOREVER)
    time.sleep(0.1)  # for the last characters on the console


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default="6.1")
    parser.add_argument("--nic", default="e1000")
    parser.add_argument("--smp", type=int, default=1)
    args = parser.parse_args()
    wrong = unknown(args.kernel, [args.nic])
    if wrong:
        print(f"guest-shell: {wrong}", file=sys.stderr)
        return 2
    if not sys.stdin.isatty():
        print("guest-shell: needs a terminal", file=sys.stderr)
        return 1
    saved = termios.tcgetattr(sys.stdin)
    try:
        with Guest(args.kernel, args.nic, args.smp, console="stdio", progress=say) as guest:
            talk(guest)
    except (GuestError, AssetError, WireError) as error:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
        print(f"guest-shell: {error}", file=sys.stderr)
        return 1
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)
    return 0


if __name__ == "__main__":
    sys.exit(main())
