"""The catalog, the services' own users, and the roles. May run again."""

import openstack

SERVICES = (
    ("octavia", "load-balancer", "http://127.0.0.1:9876"),
    ("neutron", "network", "http://127.0.0.1:9696"),
    ("nova", "compute", "http://127.0.0.1:8774/v2.1"),
)
ROLES = ("service", "member", "reader", "load-balancer_member", "load-balancer_observer")

identity = openstack.connect().identity
for role in ROLES:
    identity.find_role(role) or identity.create_role(name=role)
project = identity.find_project("service") or identity.create_project(name="service", domain_id="default")
for name, kind, url in SERVICES:
    user = identity.find_user(name) or identity.create_user(name=name, password=name, domain_id="default")
    for role in ("admin", "service"):
        identity.assign_project_role_to_user(project, user, identity.find_role(role))
    known = next((service for service in identity.services() if service.type == kind), None)
    service = known or identity.create_service(name=name, type=kind)
    present = {endpoint.interface for endpoint in identity.endpoints(service_id=service.id)}
    for interface in {"public", "internal", "admin"} - present:
        identity.create_endpoint(service_id=service.id, interface=interface, url=url, region_id="RegionOne")
