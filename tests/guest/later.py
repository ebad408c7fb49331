# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What comes after the trace has begun: a NIC of another driver, a bridge. Witness: the frames that
were sent, and the interrupt counts of /proc/interrupts."""

from guest.env import send_udp
from lib.harness import check, later, test
from lib.records import Trace, tally


def bring_back(g, driver, nic):
    """Loads the driver again, and sets its interface up as it was."""
    g.check(f"modprobe {driver}; until [ -d /sys/class/net/{nic.name} ]; do usleep 10000; done; "
            f"ip addr add {nic.guest}/24 dev {nic.name}; ip link set {nic.name} up; "
            f"ip neigh replace {nic.outside} lladdr {nic.tap_mac} dev {nic.name} nud permanent; "
            f"until [ \"$(cat /sys/class/net/{nic.name}/carrier)\" = 1 ]; do usleep 10000; done")


def stages(rec):
    return {row["stage"] for row in rec["stages"]}


def comes_later(env, model, driver, want):
    """Only the e1000 is there when the trace begins."""
    g, port = env.guest(nic=model), env.port()
    nic = g.nics[0]
    check(nic.name == "eth0", f"another name: {nic.name}")
    g.check(f"rmmod {driver}")
    with Trace(g) as trace:
        send_udp(g, port, 20, nic=1)
        bring_back(g, driver, nic)
        trace.wait_said("hooks added")
        send_udp(g, port, 30)
        run, said = trace.stop(), trace.said()
    flow = run.flow(proto="udp", dport=port)
    check(tally(flow, "dev") == {"eth1": 20, nic.name: 30}, f"{tally(flow, 'dev')}")
    late = [r for r in flow if r["dev"] == nic.name]
    with_irq = [r for r in late if "irq" in stages(r)]
    check(tally(late) == {"delivered": 30}, f"{tally(late)}")
    # One that came while the poll was at work is its next poll's.
    causes = tally(late, "cause")
    check(causes["irq"] == len(with_irq) >= 20 and set(causes) <= {"irq", "missed", "repoll"},
          f"{len(with_irq)} of 30 have irq, causes {causes}: {said}")
    added = [line for line in said.splitlines() if "hooks added" in line]
    check(len(added) == 1 and want in added[0], f"{added}")
    hooks = {h["hook"] for h in run.hooks}
    check(want in hooks and len(hooks & {"e1000_intr", "e1000_clean"}) == 2, f"{sorted(hooks)}")
    return f"{len(with_irq)} of 30 with irq; {added[0]}"


@later
def a_nic_without_rows_comes_later(env):
    return comes_later(env, "virtio-net-pci", "virtio_net", "irq_handler_entry")


@test
def a_nic_with_rows_comes_later(env):
    return comes_later(env, "e1000e", "e1000e", "e1000e_poll")


@later
def a_driver_is_to_go_meanwhile(env):
    """fentry holds the module, and rmmod is refused; kprobes let it go. Either way the trace of
    the other NIC goes on."""
    g, count, went = env.guest(nic="e1000e"), 20, {}
    nic = g.nics[0]
    for backend in ("auto", "kprobe"):
        port = env.port()
        with Trace(g, "--backend", backend) as trace:
            went[backend] = not g.sh("rmmod e1000e")[0]
            send_udp(g, port, count, nic=1)
            run = trace.stop()
        if went[backend]:
            bring_back(g, "e1000e", nic)
        flow = run.flow(proto="udp", dport=port)
        check(tally(flow) == {"delivered": count}, f"{backend}: {tally(flow)}: {run.summary}")
    held = any(h["backend"] == "fentry" for h in run.hooks)
    check(went == {"auto": False, "kprobe": True} and not held, f"{went}")
    return "refused with fentry, gone with kprobe; the other NIC was followed on"


@later
def a_bridge_comes_later(env):
    g, port = env.guest(), env.port()
    if not g.sh("[ -d /sys/module/bridge ]")[0]:
        g.sh("rmmod br_netfilter; rmmod bridge")
    g.check("modprobe veth; ip link add v0 type veth peer name v1; ip link add v2 type veth peer "
            "name v3; for i in 0 1 2 3; do ip link set v$i up; done; sleep 1")
    try:
        with Trace(g, "-i", "v1,v0") as trace:
            g.check("modprobe bridge; ip link add br9 type bridge; ip link set br9 up; "
                    "ip link set v1 master br9; ip link set v2 master br9; "
                    "for i in v0 v1 v2 v3 br9; do "
                    "echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done")
            trace.wait_said("hooks added")
            g.check("until [ \"$(cat /sys/class/net/v1/brport/state)\" = 3 ]; do usleep 99999; "
                    "done", 60)
            before = int(g.check("cat /sys/class/net/v3/statistics/rx_packets"))
            g.check(f"ip addr add 10.95.0.1/24 dev v0; ip neigh add 10.95.0.2 lladdr "
                    f"02:00:00:00:00:09 dev v0; traffic udp-send 10.95.0.2 {port} 20")
            left = int(g.check("cat /sys/class/net/v3/statistics/rx_packets")) - before
            run, said = trace.stop(), trace.said()
    finally:
        g.sh("ip link del br9; ip link del v0; ip link del v2")
    flow = run.flow(proto="udp", dport=port)
    # They end behind the bridge's other port, in this host, where nobody takes them.
    check(len(flow) == left == 20 and all("forward" in stages(r) for r in flow),
          f"{left} left, {tally(flow)}, {sorted(stages(flow[0]))}: {said}")
    return "20 of 20 left by the bridge and have the stage: " + \
        [line for line in said.splitlines() if "hooks added" in line][0]
