"""Two teams (projects) with a load balancer each, and a user who may read both. May run again."""

import time

import openstack

MEMBERS = {"team-blue": ("10.88.1.1", "10.88.1.2"), "team-green": ("10.88.2.1", "10.88.2.2")}
SUBNET = "11111111-1111-1111-1111-111111111111"

identity = openstack.connect().identity


def grant(name, project, *roles):
    user = identity.find_user(name) or identity.create_user(name=name, password=f"{name}-pw", domain_id="default")
    for role in roles:
        identity.assign_project_role_to_user(project, user, identity.find_role(role))


def until_active(balancing, balancer):
    for _ in range(200):
        if balancing.get_load_balancer(balancer).provisioning_status == "ACTIVE":
            return
        time.sleep(0.3)
    raise SystemExit(f"load balancer {balancer} does not become active")


for team, addresses in MEMBERS.items():
    project = identity.find_project(team) or identity.create_project(name=team, domain_id="default")
    grant(f"{team}-user", project, "member", "load-balancer_member")
    grant("discoverer", project, "reader", "load-balancer_observer")
    balancing = openstack.connect(
        auth_url="http://127.0.0.1:5000/v3",
        username=f"{team}-user",
        password=f"{team}-user-pw",
        project_name=team,
        user_domain_name="Default",
        project_domain_name="Default",
        region_name="RegionOne",
    ).load_balancer
    if list(balancing.load_balancers(name="web")):
        continue
    balancer = balancing.create_load_balancer(name="web", vip_subnet_id=SUBNET)
    until_active(balancing, balancer.id)
    listener = balancing.create_listener(
        name="http", protocol="HTTP", protocol_port=80, load_balancer_id=balancer.id
    )
    until_active(balancing, balancer.id)
    pool = balancing.create_pool(name="web", protocol="HTTP", lb_algorithm="ROUND_ROBIN", listener_id=listener.id)
    until_active(balancing, balancer.id)
    for address in addresses:
        balancing.create_member(pool.id, name=address, address=address, protocol_port=8080)
        until_active(balancing, balancer.id)
